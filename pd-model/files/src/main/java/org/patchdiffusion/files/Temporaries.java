package org.patchdiffusion.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Hidden names beside a target, {@code .<target>.<process>-<start>-<random>.<kind>}. No two writers share one, and a
 * name tells whether the process that made it still runs.
 */
final class Temporaries {
    /** Being written. */
    static final String NEW = "tmp";
    /** Moved aside to make room for a new one. */
    static final String OLD = "old";

    private static final Pattern NAME = Pattern.compile("\\.(.+)\\.(\\d{1,18})-(\\d{1,18})-[0-9a-f]{8}\\.(tmp|old)");
    /** The system's clock of process starts may be set right between two looks at it. */
    private static final long CLOCK_TOLERANCE_MILLIS = 5_000;

    private static final ProcessHandle SELF = ProcessHandle.current();

    private Temporaries() {}

    /** A hidden path that a process left behind, with the path it stood for. */
    record Abandoned(Path path, Path target, boolean isOld) {}

    /** A new name beside a target. */
    static Path beside(Path target, String kind) {
        String random = UUID.randomUUID().toString().substring(0, 8);
        String name = "." + target.getFileName() + "." + SELF.pid() + "-" + start(SELF) + "-" + random + "." + kind;
        return target.toAbsolutePath().resolveSibling(name);
    }

    private static long start(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    /** What processes that have ended left in a folder. */
    static List<Abandoned> abandoned(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(Temporaries::abandonedAt).flatMap(Optional::stream).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static Optional<Abandoned> abandonedAt(Path path) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        if (!name.matches() || runs(Long.parseLong(name.group(2)), Long.parseLong(name.group(3)))) {
            return Optional.empty();
        }
        boolean isOld = name.group(4).equals(OLD);
        return Optional.of(new Abandoned(path, path.resolveSibling(name.group(1)), isOld));
    }

    private static boolean runs(long pid, long startMillis) {
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .map(process -> Math.abs(start(process) - startMillis) <= CLOCK_TOLERANCE_MILLIS)
                .orElse(false);
    }

    /** Deletes a file, or a folder with all that is in it, if it is there. */
    static void delete(Path path) throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            // It is gone, which is what was asked for.
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Makes the names in a folder durable, where the system can open a folder (Windows cannot, and has no need). */
    static void force(Path folder) throws IOException {
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
