package org.patchdiffusion.data.source;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.ZipException;

/**
 * Images as people have them: files in a folder or zip, CIFAR-10, MNIST, LSUN. They are decoded one at a time, from any
 * thread.
 */
public sealed interface ImageSource extends Closeable permits FileSource, ArraySource, LmdbSource {

    /** The path that the user gave; it starts every error message. */
    Path path();

    /** Names of the images, in order. */
    List<String> images();

    /**
     * One image.
     *
     * @throws IOException naming the source and the image, if it cannot be read or decoded
     */
    PixelImage decode(String image, Decoding how) throws IOException;

    /** The file that holds an image: itself, or the archive that it is in. */
    Path file(String image);

    /**
     * The classes of the images: from {@code dataset.json}, else from the folders that they lie in, or as the format
     * holds them.
     *
     * @throws IOException if {@code dataset.json} is not what its format says
     */
    Optional<Labels> labels() throws IOException;

    /**
     * The number of channels that the images are declared to have, by {@code dataset.json}.
     *
     * @throws IOException if {@code dataset.json} is not what its format says
     */
    default OptionalInt channels() throws IOException {
        return OptionalInt.empty();
    }

    /** What was passed over. */
    default LeftOut leftOut() {
        return LeftOut.NOTHING;
    }

    /**
     * Licence texts and notices that lie beside the images, by name.
     *
     * @throws IOException if one cannot be read
     */
    default Map<String, byte[]> notices() throws IOException {
        return Map.of();
    }

    /** The last part of the path, without {@code .zip}. */
    default String name() {
        Path last = path().toAbsolutePath().normalize().getFileName();
        String name = last == null ? path().toString() : last.toString();
        return name.toLowerCase(Locale.ROOT).endsWith(".zip") ? name.substring(0, name.length() - 4) : name;
    }

    /**
     * The images, of which there is at least one.
     *
     * @throws IOException if there is none; the message names the files that are there instead
     */
    default List<String> requireImages() throws IOException {
        if (images().isEmpty()) {
            String others = leftOut().describe();
            throw new IOException(path() + ": holds no images" + (others.isEmpty() ? "" : ", but " + others) + "; put "
                    + ImageFormat.NAMES + " files inside");
        }
        return images();
    }

    /**
     * Opens a folder, a zip, {@code cifar-10-python.tar.gz}, an idx file of MNIST ({@code .gz} or not) with its labels
     * beside it, or the folder of an LSUN lmdb.
     *
     * @throws IOException if there is nothing at the path, or it is none of these
     */
    static ImageSource open(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path + ": there is no such file or folder; give a folder or a zip of "
                    + ImageFormat.NAMES + " images");
        }
        if (Files.isDirectory(path)) {
            return Files.isRegularFile(path.resolve(LmdbSource.DATA))
                    ? new LmdbSource(path)
                    : new FileSource(new FolderFiles(path));
        }
        return switch (FileKind.of(path)) {
            case IDX -> IdxFile.open(path);
            case TAR -> CifarFile.open(path);
            case IMAGE -> throw new IOException(path + " is a single image; give the folder that it lies in, or a zip");
            case OTHER -> zip(path);
        };
    }

    private static ImageSource zip(Path path) throws IOException {
        try {
            return new FileSource(new ZipFiles(path));
        } catch (ZipException e) {
            throw new IOException(
                    path + " is not a zip file; expected a folder or a zip of " + ImageFormat.NAMES
                            + " images, cifar-10-python.tar.gz, an idx file of MNIST, or the folder of an LSUN lmdb",
                    e);
        }
    }
}
