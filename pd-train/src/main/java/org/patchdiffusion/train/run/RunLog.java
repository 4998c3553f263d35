package org.patchdiffusion.train.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.files.Messages;

/**
 * The two files of a run directory that grow: {@code log.txt} for people, {@code stats.jsonl} for programs. Lines may be
 * added from any thread.
 */
final class RunLog {
    private static final String LOG = "log.txt";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss");
    private static final String STATISTICS = "stats.jsonl";
    /** The image counter of a line in thousands: a number, or an object with its mean. */
    private static final String[] COUNTERS = {"Progress/kimg", "kimg"};

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path run;

    RunLog(Path run) {
        this.run = run;
    }

    /**
     * Adds a line with the time to {@code log.txt}.
     *
     * @throws IOException if it cannot be written; the message names the file
     */
    void say(String message) throws IOException {
        append(LOG, TIME.format(LocalDateTime.now()) + "  " + message);
    }

    private synchronized void append(String name, String line) throws IOException {
        Path file = run.resolve(name);
        try {
            Files.writeString(
                    file, line + "\n", StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IOException("cannot write " + file + ": " + Messages.reason(e), e);
        }
    }

    /**
     * Takes over the statistics of a run up to a count of images, from this directory or another one. Lines of steps that
     * will be taken again are left out, and so is a last line that was cut short.
     *
     * @param from the run directory that holds them
     * @throws IOException if they cannot be read or written; the message names the file
     */
    synchronized void takeOver(Path from, long images) throws IOException {
        Path statistics = from.resolve(STATISTICS);
        if (!Files.exists(statistics)) {
            return;
        }
        AtomicFile.write(run.resolve(STATISTICS), out -> {
            Writer kept = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            try (BufferedReader lines = Files.newBufferedReader(statistics)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (isUpTo(line, images)) {
                        kept.write(line + "\n");
                    }
                }
            }
            kept.flush();
        });
    }

    private static boolean isUpTo(String line, long images) {
        try {
            JsonNode read = JSON.readTree(line);
            for (String name : COUNTERS) {
                JsonNode counter = read.path(name).isObject() ? read.path(name).path("mean") : read.path(name);
                if (counter.isNumber()) {
                    return Math.round(counter.asDouble() * 1000) <= images;
                }
            }
            return read.isObject();
        } catch (JsonProcessingException e) {
            return false;
        }
    }
}
