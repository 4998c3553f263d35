package org.patchdiffusion.train.run;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.patchdiffusion.files.AtomicFolder;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.train.checkpoint.Checkpoint;

/**
 * The checkpoints of a run directory: their names, their order, and which of them stay.
 *
 * <p>A checkpoint that can be read is never replaced: each gets a name of its own, and old ones are deleted only after
 * the new one was read back from the disk and found whole. So there is no moment without a checkpoint that can be
 * resumed, once there was one.
 */
public final class CheckpointFolders {

    private static final Pattern NAME = Pattern.compile("checkpoint-(\\d+)(?:_(\\d{3})(?:_(\\d+))?)?");
    private static final Comparator<Matcher> BY_NAME = Comparator.comparing((Matcher name) -> number(name, 1))
            .thenComparing(name -> number(name, 2))
            .thenComparing(name -> number(name, 3));

    private final Path run;
    private final int kept;
    /** Those that were found whole, the newest last. */
    private final Deque<Path> whole = new ArrayDeque<>();

    /**
     * The checkpoints of a run directory.
     *
     * @param run the directory
     * @param kept how many checkpoints stay, at least 1
     */
    CheckpointFolders(Path run, int kept) {
        this.run = run;
        this.kept = kept;
    }

    private static BigInteger number(Matcher name, int group) {
        return name.group(group) == null ? BigInteger.ZERO : new BigInteger(name.group(group));
    }

    /**
     * The checkpoints in a run directory, the oldest first, whole or not.
     *
     * @throws IOException if the folder cannot be read; the message names it
     */
    public static List<Path> list(Path runDirectory) throws IOException {
        try (Stream<Path> files = Files.list(runDirectory)) {
            return files.map(CheckpointFolders::match)
                    .flatMap(Optional::stream)
                    .sorted(BY_NAME)
                    .map(name -> runDirectory.resolve(name.group()))
                    .toList();
        } catch (IOException e) {
            throw new IOException(
                    "cannot look for checkpoints in the run directory " + runDirectory + ": " + Messages.reason(e), e);
        }
    }

    /**
     * Goes from the newest checkpoint of a run directory to the oldest until one is whole. What killed processes left half
     * done in the directory is put in order first, see {@link AtomicFolder#recover}.
     *
     * @param passedOver is told, in a sentence each, which were not whole
     * @return empty if none is whole
     * @throws IOException if the folder cannot be read
     */
    public static Optional<StoredCheckpoint> newestWhole(Path runDirectory, Consumer<String> passedOver)
            throws IOException {
        AtomicFolder.recover(runDirectory);
        List<Path> oldestFirst = list(runDirectory);
        for (int i = oldestFirst.size() - 1; i >= 0; i--) {
            Path folder = oldestFirst.get(i);
            try {
                return Optional.of(new StoredCheckpoint(folder, Checkpoint.read(folder)));
            } catch (IOException e) {
                passedOver.accept(e.getMessage().replace(Checkpoint.ADVICE, "") + "; it is passed over");
            }
        }
        return Optional.empty();
    }

    private static Optional<Matcher> match(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        return name.matches() ? Optional.of(name) : Optional.empty();
    }

    /** Takes note that a checkpoint was found whole, such as the one that a run goes on from. */
    synchronized void foundWhole(Path folder) {
        whole.addLast(folder);
    }

    /** The newest one that was found whole. */
    synchronized Optional<Path> newest() {
        return Optional.ofNullable(whole.peekLast());
    }

    /**
     * Writes a checkpoint, reads it back, and then deletes those that are older than the {@code kept} newest whole ones.
     *
     * @return its folder; one that holds the same step already is not written again
     * @throws IOException if it cannot be written or is not whole on the disk; none is deleted then
     */
    synchronized Path add(Checkpoint checkpoint) throws IOException {
        long images = checkpoint.state().images();
        Path folder = freeName(images);
        if (!whole.contains(folder)) {
            checkpoint.write(folder);
            Checkpoint.verify(folder);
            whole.addLast(folder);
        }
        deleteOld();
        return folder;
    }

    /**
     * The first name for that count of images that no other whole checkpoint has. The plain one is only for the first of a
     * thousand images, so that the order of the names is that of the images even when the first is deleted.
     */
    private Path freeName(long images) throws IOException {
        String kimg = ArtifactNames.kimg(images);
        String exact = "checkpoint-" + ArtifactNames.exactKimg(images);
        boolean isFirst = list(run).stream()
                .noneMatch(folder -> folder.getFileName().toString().startsWith("checkpoint-" + kimg + "_"));
        Path folder = run.resolve(isFirst ? "checkpoint-" + kimg : exact);
        for (int i = 1; isThere(folder) && !isReplaceable(folder, images); i++) {
            folder = run.resolve(i == 1 ? exact : exact + "_" + i);
        }
        return folder;
    }

    /** A disk that fails to answer does not make the name free. */
    private static boolean isThere(Path folder) throws IOException {
        if (Files.exists(folder)) {
            return true;
        }
        if (Files.notExists(folder)) {
            return false;
        }
        throw new IOException("cannot tell whether " + folder + " is there: the disk does not answer");
    }

    private boolean isReplaceable(Path folder, long images) throws IOException {
        try {
            return Checkpoint.verify(folder) == images && whole.contains(folder);
        } catch (IOException e) {
            // A damaged one is of no use to anybody.
            whole.remove(folder);
            return Files.isDirectory(folder);
        }
    }

    private void deleteOld() throws IOException {
        while (whole.size() > kept) {
            whole.removeFirst();
        }
        List<Path> all = list(run);
        int oldestKept = all.indexOf(whole.getFirst());
        for (Path folder : all.subList(0, Math.max(0, oldestKept))) {
            if (!whole.contains(folder)) {
                AtomicFolder.delete(folder);
            }
        }
    }
}
