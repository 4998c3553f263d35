package org.patchdiffusion.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Folders that are there whole or not at all.
 *
 * <p>A rename cannot replace a folder, so there is a moment between two renames in which neither the old folder nor the
 * new one has the name. {@link #recover} ends it: whoever looks for such folders calls it first.
 */
public final class AtomicFolder {

    /** Fills an empty folder. */
    @FunctionalInterface
    public interface Content {
        /** Writes files, and forces them to the disk. */
        void writeTo(Path folder) throws IOException;
    }

    private AtomicFolder() {}

    /**
     * Fills a temporary folder beside the target and gives it the target's name. A folder of that name is moved aside
     * first and deleted last, so that a crash at any moment leaves one of the two whole; if the new one cannot take the
     * name, the old one gets it back.
     *
     * @param content writes files that it forces to the disk itself
     * @throws IOException if it cannot be written; the message names the folder
     */
    public static void write(Path target, Content content) throws IOException {
        Path temporary = Temporaries.beside(target, Temporaries.NEW);
        if (Files.exists(target) && !Files.isDirectory(target)) {
            throw new IOException("cannot write the folder " + target + ": a file of that name is there already");
        }
        try {
            Files.createDirectory(temporary);
            content.writeTo(temporary);
            Temporaries.force(temporary);
            publish(temporary, target);
        } catch (IOException e) {
            // Who reads the message looks for the folder under the name that it was to have.
            String reason = Messages.reason(e).replace(temporary.toString(), target.toString());
            IOException failure = new IOException("cannot write the folder " + target + ": " + reason, e);
            discard(temporary, failure);
            throw failure;
        } catch (RuntimeException | Error e) {
            discard(temporary, e);
            throw e;
        }
    }

    private static void publish(Path temporary, Path target) throws IOException {
        if (!Files.exists(target)) {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            Temporaries.force(temporary.getParent());
            return;
        }
        Path old = Temporaries.beside(target, Temporaries.OLD);
        Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            giveBack(old, target, e);
            throw e;
        }
        Temporaries.force(temporary.getParent());
        Temporaries.delete(old);
    }

    private static void giveBack(Path old, Path target, IOException failure) throws IOException {
        try {
            Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            failure.addSuppressed(e);
            throw new IOException(Messages.reason(failure) + "; the former folder is now called " + old, failure);
        }
    }

    private static void discard(Path temporary, Throwable failure) {
        try {
            Temporaries.delete(temporary);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Puts in order what killed processes left in a folder: a folder that was moved aside and has no successor gets its
     * name back, every other hidden leftover of {@link AtomicFile} and of this class is deleted. Leftovers of processes
     * that still run on this machine are not touched; do not share the folder with writers on other machines.
     *
     * @param parent the folder that holds the folders and files; nothing happens if it does not exist
     * @throws IOException if it cannot be read or changed; the message names it
     */
    public static void recover(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return;
        }
        try {
            for (Temporaries.Abandoned left : Temporaries.abandoned(parent)) {
                if (left.isOld() && !Files.exists(left.target())) {
                    Files.move(left.path(), left.target(), StandardCopyOption.ATOMIC_MOVE);
                } else {
                    Temporaries.delete(left.path());
                }
            }
        } catch (IOException e) {
            throw new IOException(
                    "cannot remove what an earlier process left in " + parent + ": " + Messages.reason(e), e);
        }
    }

    /**
     * Deletes a folder with all that is in it, if it is there. It loses its name first, so that no crash leaves half a
     * folder under it.
     *
     * @throws IOException if it cannot be deleted; the message names it
     */
    public static void delete(Path folder) throws IOException {
        if (Files.notExists(folder)) {
            return;
        }
        Path hidden = Temporaries.beside(folder, Temporaries.NEW);
        try {
            Files.move(folder, hidden, StandardCopyOption.ATOMIC_MOVE);
            Temporaries.delete(hidden);
        } catch (IOException e) {
            throw new IOException("cannot delete the folder " + folder + ": " + Messages.reason(e), e);
        }
    }
}
