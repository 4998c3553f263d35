package org.patchdiffusion.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.patchdiffusion.files.Messages;

/**
 * The file {@code stats.jsonl} of a run, read as it grows: each call of {@link #refresh} reads what has come since. A line
 * is a JSON object, whose members are numbers or objects {@code {"num": n, "mean": m, "std": s}}, of which the mean counts.
 */
final class StatsFile {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONGEST_LINE = 1 << 20;

    private final Path file;
    private RunStats stats = new RunStats();
    private long offset;
    private int replaced;
    private int damaged;
    private int older;
    private boolean unfinished;

    StatsFile(Path file) {
        this.file = file;
    }

    /**
     * Reads the lines that are new.
     *
     * @throws IOException if the file cannot be read, or has more lines or keys than any run writes
     */
    void refresh() throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(file)) {
            if (channel.size() < offset) {
                startOver();
            }
            channel.position(offset);
            // The file may grow meanwhile; what comes later is for the next time.
            read(new BufferedInputStream(Channels.newInputStream(channel), 1 << 16), channel.size() - offset);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is not the statistics of a run: " + e.getMessage(), e);
        }
    }

    private void startOver() {
        stats = new RunStats();
        offset = 0;
        replaced = 0;
        damaged = 0;
        older = 0;
    }

    private void read(InputStream in, long length) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        long lineLength = 0;
        for (long i = 0; i < length; i++) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            lineLength++;
            if (next == '\n') {
                add(line.toByteArray(), lineLength > LONGEST_LINE);
                offset += lineLength;
                lineLength = 0;
                line.reset();
            } else if (lineLength <= LONGEST_LINE) {
                line.write(next);
            }
        }
        unfinished = lineLength > 0;
    }

    private void add(byte[] line, boolean tooLong) throws IOException {
        if (line.length == 0) {
            return;
        }
        JsonNode object = null;
        try {
            object = tooLong ? null : JSON.readTree(line);
        } catch (JsonProcessingException e) {
            // Counted and said below: a run that was killed while it wrote leaves such a line.
        }
        if (object == null || !object.isObject()) {
            damaged++;
            return;
        }
        Map<String, Double> tick = new HashMap<>();
        object.fields().forEachRemaining(member -> tick.put(member.getKey(), number(member.getValue())));
        if (Double.isFinite(tick.getOrDefault(RunStats.KIMG, Double.NaN))) {
            replaced += stats.add(tick);
        } else {
            older++;
        }
    }

    /** A number, or the mean of an object; NaN for anything else, such as a loss that was not finite. */
    private static double number(JsonNode value) {
        JsonNode mean = value.isObject() ? value.path("mean") : value;
        return mean.isNumber() ? mean.doubleValue() : Double.NaN;
    }

    /** What was read. */
    RunStats stats() {
        return stats;
    }

    /** What the reader of a page should know of the file, a sentence each. */
    List<String> remarks() {
        List<String> remarks = new ArrayList<>();
        String name = file.getFileName().toString();
        if (unfinished) {
            remarks.add("The last line of " + name + " is not finished: the run was killed while it wrote it. It is"
                    + " left out.");
        }
        if (damaged > 0) {
            remarks.add("Left out of " + name + ": " + Messages.count(damaged, "line")
                    + (damaged == 1 ? " that is no JSON object." : " that are no JSON objects."));
        }
        if (older > 0) {
            remarks.add("Left out of " + name + ": " + Messages.count(older, "line") + " without " + RunStats.KIMG
                    + ", as an earlier version of this toolkit wrote them.");
        }
        if (replaced > 0) {
            remarks.add("The run went on from a checkpoint: " + Messages.count(replaced, "tick") + " of " + name
                    + " that it had written after that checkpoint "
                    + (replaced == 1 ? "is" : "are") + " replaced.");
        }
        return remarks;
    }
}
