package org.patchdiffusion.train.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.patchdiffusion.files.Messages;

/**
 * Keeps others from writing into a run directory: two runs in one folder would mix their statistics and delete each other's
 * checkpoints. The operating system frees it when the process ends, however that happens. The file {@value #FILE} stays.
 */
public final class RunLock implements AutoCloseable {
    /** Name of the file, which holds the number of the process that had the lock last. */
    public static final String FILE = "run.lock";

    /** Where Windows locks bytes, nobody can read them: what is locked lies behind the text. */
    private static final long PLACE = 1 << 20;

    private static final int LONGEST_TEXT = 20;

    /**
     * The locks of this process. A second channel on a file must not even be opened: to close it would free the lock of the
     * first one.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;
    private boolean closed;

    private RunLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock of a run directory.
     *
     * @param run a folder that is there
     * @throws IOException if somebody has it, which the message says, or the file cannot be written
     */
    public static RunLock take(Path run) throws IOException {
        Path file;
        try {
            file = run.toRealPath().resolve(FILE);
        } catch (IOException e) {
            throw new IOException("cannot look into the run directory " + run + ": " + Messages.reason(e), e);
        }
        if (!HELD.add(file)) {
            throw new IOException(isTaken(run, "this process"));
        }
        try {
            return new RunLock(file, locked(run, file));
        } catch (IOException | RuntimeException e) {
            HELD.remove(file);
            throw e;
        }
    }

    private static FileChannel locked(Path run, Path file) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException("cannot write " + file + ": " + Messages.reason(e), e);
        }
        try {
            if (lock(file, channel) == null) {
                throw new IOException(isTaken(run, owner(channel)));
            }
            channel.truncate(0);
            channel.write(
                    StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"));
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static FileLock lock(Path file, FileChannel channel) throws IOException {
        try {
            return channel.tryLock(PLACE, 1, false);
        } catch (IOException e) {
            throw new IOException(
                    "cannot lock " + file + ": " + Messages.reason(e)
                            + "; choose an output folder on a file system that has locks",
                    e);
        }
    }

    private static String owner(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(LONGEST_TEXT);
        channel.read(text, 0);
        String pid = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII).strip();
        return pid.matches("\\d+") ? "process " + pid : "another process";
    }

    private static String isTaken(Path run, String owner) {
        return owner + " is training in the run directory " + run
                + "; wait until it ends, stop it, or resume into a folder of its own with --outdir";
    }

    /**
     * Checks that the lock is that of a run directory.
     *
     * @throws IllegalArgumentException if it is that of another one, or was freed
     */
    void requireOf(Path run) throws IOException {
        if (closed || !run.toRealPath().equals(file.getParent())) {
            throw new IllegalArgumentException("the lock is not that of " + run + "; take that one");
        }
    }

    /** Frees the lock. */
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            try {
                channel.close();
            } finally {
                HELD.remove(file);
            }
        }
    }
}
