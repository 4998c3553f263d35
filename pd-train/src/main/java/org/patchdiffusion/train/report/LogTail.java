package org.patchdiffusion.train.report;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The end of a run's {@code log.txt}, and what it says of how the run ended. */
final class LogTail {
    private static final int MOST_BYTES = 1 << 16;
    private static final int MOST_LINES = 200;
    private static final Pattern END = Pattern.compile("\\b(finished|failed): (.*)$");
    /** What a run writes when it begins or goes on. */
    private static final Pattern START = Pattern.compile("\\btraining \\d+ parameters\\b");

    private final Path file;
    private List<String> lines = List.of();

    LogTail(Path file) {
        this.file = file;
    }

    /**
     * Reads the end of the file.
     *
     * @throws IOException if it is there and cannot be read
     */
    void refresh() throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(file)) {
            long start = Math.max(0, channel.size() - MOST_BYTES);
            ByteBuffer bytes = ByteBuffer.allocate((int) (channel.size() - start));
            while (bytes.hasRemaining() && channel.read(bytes, start + bytes.position()) >= 0) {
                // Goes on until the end.
            }
            String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
            List<String> all = text.lines().toList();
            // The first line is whole only if it is the first of the file.
            lines = all.subList(
                    Math.min(
                            all.size(),
                            start > 0 ? Math.max(1, all.size() - MOST_LINES) : Math.max(0, all.size() - MOST_LINES)),
                    all.size());
        }
    }

    /** The last lines, the oldest first. */
    List<String> lines() {
        return lines;
    }

    /** How the run ended, such as "finished: duration"; empty if the log says of no end. */
    String end() {
        String end = "";
        for (String line : lines) {
            Matcher match = END.matcher(line);
            if (match.find()) {
                end = match.group();
            } else if (START.matcher(line).find()) {
                end = "";
            }
        }
        return end;
    }
}
