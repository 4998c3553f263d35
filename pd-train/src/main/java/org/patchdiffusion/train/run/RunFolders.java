package org.patchdiffusion.train.run;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;

/** The numbered folders of runs in an output folder, {@code 00000-<data>-<cond>-<arch>-<precond>-batch<N>}. */
public final class RunFolders {

    private static final Pattern NUMBERED = Pattern.compile("(\\d{5,9})(-.*)?");

    private RunFolders() {}

    /**
     * Makes the next folder.
     *
     * @param parent folder of all runs; made if it is not there
     * @param dataName name of the data set
     * @param remark ends the name; empty for none
     * @throws IOException if a folder cannot be made; the message names it
     */
    static Path create(Path parent, String dataName, ModelConfig model, int batch, String remark) throws IOException {
        String description = String.join(
                "-",
                plain(dataName),
                model.network().labelDim() > 0 ? "cond" : "uncond",
                architecture(model.network()),
                model.preconditioning().name(),
                "batch" + batch + (remark.isEmpty() ? "" : "-" + plain(remark)));
        try {
            Files.createDirectories(parent);
            return createNumbered(parent, description);
        } catch (FileSystemException e) {
            throw new IOException(
                    "cannot make a run directory in " + parent + ": " + reason(e) + "; choose another output folder",
                    e);
        }
    }

    /**
     * Makes a folder that is to be a run directory itself.
     *
     * @throws IOException if it cannot be made, or holds files; the message names it
     */
    static Path createItself(Path folder) throws IOException {
        try {
            Files.createDirectories(folder);
            try (Stream<Path> files = Files.list(folder)) {
                // A lock may be left of a run that was refused.
                if (files.anyMatch(file -> !file.endsWith(RunLock.FILE))) {
                    throw new IOException("the run directory " + folder
                            + " is not empty; choose a new folder, or resume the run in it");
                }
            }
            return folder;
        } catch (FileSystemException e) {
            throw new IOException(
                    "cannot make the run directory " + folder + ": " + reason(e) + "; choose another output folder", e);
        }
    }

    private static String plain(String text) {
        return text.replaceAll("[^A-Za-z0-9_.]+", "_");
    }

    /**
     * The run directory with the highest number.
     *
     * @return empty if there is none, or no such folder
     * @throws IOException if the folder cannot be read
     */
    public static Optional<Path> newest(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(parent)) {
            return files.filter(file -> number(file) >= 0 && Files.isDirectory(file))
                    .max(Comparator.comparingInt(RunFolders::number));
        }
    }

    /** The number of a run directory; -1 if the name has none. */
    private static int number(Path file) {
        Matcher name = NUMBERED.matcher(file.getFileName().toString());
        return name.matches() ? Integer.parseInt(name.group(1)) : -1;
    }

    private static Path createNumbered(Path parent, String description) throws IOException {
        int next;
        try (Stream<Path> files = Files.list(parent)) {
            next = files.mapToInt(RunFolders::number).max().orElse(-1) + 1;
        }
        while (true) {
            try {
                return Files.createDirectory(parent.resolve(String.format(Locale.ROOT, "%05d-%s", next, description)));
            } catch (FileAlreadyExistsException e) {
                next++;
            }
        }
    }

    private static String architecture(UNetConfig network) {
        if (network.architecture() == UNetConfig.Architecture.DHARIWAL) {
            return "adm";
        }
        return network.embedding() == UNetConfig.Embedding.FOURIER ? "ncsnpp" : "ddpmpp";
    }

    private static String reason(FileSystemException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return e.getFile() + " is a file";
        }
        return e.getReason() == null ? e.getMessage() : e.getReason();
    }
}
