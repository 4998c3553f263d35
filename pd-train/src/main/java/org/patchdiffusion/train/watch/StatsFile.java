package org.patchdiffusion.train.watch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes {@code stats.jsonl}: a line a tick, a JSON object of {@code "name": {"num": n, "mean": m, "std": s}} and
 * {@code "timestamp"}, seconds since the epoch, as EDM writes it.
 */
public final class StatsFile implements StatsSink {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double MILLIS = 1000;

    private final LineFile file;

    /**
     * Writes into a folder.
     *
     * @param folder the run directory
     */
    public StatsFile(Path folder) {
        file = new LineFile(folder.resolve("stats.jsonl"));
    }

    @Override
    public void write(TickStats stats) throws IOException {
        file.add(line(stats));
    }

    private static String line(TickStats stats) throws JsonProcessingException {
        ObjectNode line = JSON.createObjectNode();
        stats.values().forEach((name, stat) -> line.putObject(name)
                .put("num", stat.num())
                .put("mean", stat.mean())
                .put("std", stat.std()));
        line.put("timestamp", stats.time().toEpochMilli() / MILLIS);
        return JSON.writeValueAsString(line);
    }
}
