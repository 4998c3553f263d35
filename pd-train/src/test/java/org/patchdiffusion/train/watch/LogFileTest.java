package org.patchdiffusion.train.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogFileTest {
    @TempDir
    Path folder;

    @Test
    void aTickIsALineOfTheOfficialForm() throws IOException {
        Map<String, Stat> values = new LinkedHashMap<>();
        values.put("Loss/loss", Stat.of(0.21434));
        values.put("Progress/tick", Stat.of(3));
        values.put("Progress/kimg", Stat.of(12.5));
        values.put("Timing/total_sec", Stat.of(62.2));
        values.put("Timing/sec_per_tick", Stat.of(20.1));
        values.put("Timing/sec_per_kimg", Stat.of(4.93));
        values.put("Timing/maintenance_sec", Stat.of(0.4));
        values.put("Resources/cpu_mem_gb", Stat.of(0.61));
        values.put("Validation/loss", Stat.of(0.3));
        new LogFile(folder).write(new TickStats(Instant.EPOCH, 12_500, values));
        assertEquals(
                List.of("tick 3     kimg 12.5      time 1m 02s       sec/tick 20.1    sec/kimg 4.93   "
                        + " maintenance 0.4    cpumem 0.61   loss 0.2143   validation 0.3000"),
                Files.readAllLines(folder.resolve("log.txt")));
    }

    @ParameterizedTest
    @CsvSource({
        "0.4, 0s, 0s",
        "59.4, 59s, 59s",
        "60, 1m 00s, 1m00s",
        "3599, 59m 59s, 59m59s",
        "11265, 3h 07m 45s, 3h07m",
        "187740, 2d 04h 09m, 2d04h",
        "1e12, 11574074d 01h 46m, 999d+"
    })
    void durationsAreThoseOfTheOfficialTool(double seconds, String whole, String brief) {
        assertEquals(whole, Durations.of(seconds));
        assertEquals(brief, Durations.brief(seconds));
    }
}
