package org.patchdiffusion.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.train.StopReason;

class RunReportTest {

    @TempDir
    Path folder;

    /** Each look at the clock takes a second. */
    private long now;

    private long seconds() {
        now += 1_000_000_000L;
        return now;
    }

    private String page() throws IOException {
        return Files.readString(folder.resolve(RunReport.FILE));
    }

    @Test
    void thePageComesAgainAtEachTickButTakesAtMostAHundredthOfTheTime() throws IOException {
        RunFiles run = RunFiles.make(folder).options("{}").tick(1, Map.of("Loss/loss", 0.125));
        RunReport report = new RunReport(folder, this::seconds);
        report.tick(null);
        assertTrue(page().contains("<dd>0.1250</dd>") && page().contains("<dd>training</dd>"), page());
        run.tick(1.5, Map.of("Loss/loss", 0.25));
        report.tick(null);
        assertTrue(page().contains("<dd>0.2500</dd>"), "the first page is not counted: it loads classes");
        run.tick(2, Map.of("Loss/loss", 0.75));
        report.tick(null);
        assertFalse(page().contains("<dd>0.7500</dd>"), "the page took one second, the next comes after a hundred");
        now += 97_000_000_000L;
        report.tick(null);
        assertFalse(page().contains("<dd>0.7500</dd>"), "a second too early");
        report.tick(null);
        assertTrue(page().contains("<dd>0.7500</dd>"), page());
        assertEquals(3, report.seconds(), 1e-9);
        run.tick(3, Map.of("Loss/loss", 0.5)).log("finished: budget\n");
        report.finished(StopReason.BUDGET);
        assertTrue(page().contains("<dd>0.5000</dd>") && page().contains("<dd>finished: budget</dd>"), page());
    }

    @Test
    void aPageThatCannotBeWrittenDoesNotEndTheTraining() throws IOException {
        RunFiles.make(folder).options("{}");
        Files.createDirectory(folder.resolve(RunReport.FILE));
        RunReport report = new RunReport(folder, this::seconds);
        report.tick(null);
        report.failed(new IOException("disk full"));
        assertTrue(Files.isDirectory(folder.resolve(RunReport.FILE)));
        assertEquals(2, report.seconds(), 1e-9);
    }

    @Test
    void theLogTellsHowTheRunEnded() throws IOException {
        RunFiles run = RunFiles.make(folder);
        LogTail log = new LogTail(folder.resolve("log.txt"));
        log.refresh();
        assertEquals("", log.end());
        run.log("2026-01-01T10:00:00  training 10 parameters on 3 images\nfailed: disk full\n");
        log.refresh();
        assertEquals("failed: disk full", log.end());
        run.log("2026-01-01T10:00:00  training 10 parameters on 3 images\ntick 3     kimg 12.5\n");
        log.refresh();
        assertEquals("", log.end());
        run.log("x".repeat(1 << 16) + "\nlast\n2026-01-01T10:00:00  finished: request\ntick 4     kimg 15.0\n");
        log.refresh();
        assertEquals("finished: request", log.end());
        assertEquals(3, log.lines().size(), "a line that began before what is read is left out");
    }
}
