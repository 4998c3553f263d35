package org.patchdiffusion.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLogTest {
    private static final String BY_NUMBER = "{\"tick\":0,\"kimg\":1.0}";
    private static final String BY_MEAN = "{\"Progress/kimg\":{\"num\":1,\"mean\":%s,\"std\":0.0}}";

    @TempDir
    Path run;

    @Test
    void statisticsAreTakenOverUpToACountOfImages() throws IOException {
        Path statistics = run.resolve("stats.jsonl");
        String before = String.format(BY_MEAN, "2.001");
        Files.writeString(
                statistics,
                String.join("\n", BY_NUMBER, before, String.format(BY_MEAN, "2.002"), "{\"Progress/kimg\":{\"num"));
        new RunLog(run).takeOver(run, 2_001);
        assertEquals(List.of(BY_NUMBER, before), Files.readAllLines(statistics));
        Path other = Files.createDirectory(run.resolve("other"));
        new RunLog(other).takeOver(run, 1_000);
        assertEquals(List.of(BY_NUMBER), Files.readAllLines(other.resolve("stats.jsonl")));
        assertEquals(2, Files.readAllLines(statistics).size(), "the other run stays as it is");
    }
}
