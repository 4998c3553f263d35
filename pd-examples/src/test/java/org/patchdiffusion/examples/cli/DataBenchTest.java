package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataBenchTest {

    @TempDir
    Path folder;

    private static JsonNode bench(Object... more) throws IOException {
        Object[] all = new Object[more.length + 11];
        Object[] network = {"bench", "--mode", "data", "--iterations", 2, "--cbase", 8, "--cres", "1,1", "--blocks", 1};
        System.arraycopy(network, 0, all, 0, network.length);
        System.arraycopy(more, 0, all, network.length, more.length);
        Outcome outcome = Outcome.of(all);
        assertEquals(0, outcome.code(), outcome.err());
        return new ObjectMapper().readTree(outcome.lastLine());
    }

    @Test
    void theLastLineTellsTheThroughputAndTheShareOfAStep() throws IOException {
        JsonNode result = bench("--resolution", 16, "--patch", 8, "--batch", 6, "--step-ms", 10);
        assertEquals(6, result.get("batch").asInt());
        assertEquals("in memory", result.get("place").asText());
        double millis = result.get("patches_ms").asDouble();
        assertTrue(millis > 0);
        assertEquals(millis / 10, result.get("patches_share_of_step").asDouble(), 1e-4 + 1e-3 * millis);
        assertTrue(result.get("training_batch_ms").asDouble() > 0);
    }

    @Test
    void aDataSetOnDiskCanBeTimed() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        JsonNode result = bench("--data", data, "--cache", "disk", "--batch", 2);
        assertTrue(result.get("place").asText().startsWith("in the cache "), result.toString());
        assertEquals(16, result.get("patch").asInt());
    }

    @Test
    void optionsWithoutEffectAreWrongUsage() {
        assertEquals(2, Outcome.of("bench", "--mode", "train", "--step-ms", 3).code());
        assertEquals(2, Outcome.of("bench", "--mode", "data", "--step-ms", 0).code());
        assertEquals(2, Outcome.of("bench", "--mode", "data", "--patch", 64).code());
    }
}
