package org.patchdiffusion.eval;

import java.awt.image.RenderedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.patchdiffusion.files.AtomicFile;

/** Writes pictures as PNG files, each complete or not at all. */
public final class PngFiles {
    private static final int SEEDS_PER_FOLDER = 1000;

    private PngFiles() {}

    /**
     * Writes one {@code 000123.png} for each image, which is how the official tool names that of seed 123; existing files of
     * that name are replaced.
     *
     * @param folder made if missing
     * @param seeds the seed of each image, 0 or positive
     * @param images the images, in the order of the seeds
     * @param subfolders whether to put every 1000 seeds into a folder of their own, such as {@code 002000}
     * @throws IllegalArgumentException if the number of seeds is not that of the images, or a seed is negative
     * @throws IOException if a file cannot be written; the message names it
     */
    public static void writeSeeds(Path folder, long[] seeds, Images images, boolean subfolders) throws IOException {
        if (seeds.length != images.count()) {
            throw new IllegalArgumentException("got " + seeds.length + " seeds for " + images.count()
                    + " images, expected one seed for each image");
        }
        for (int i = 0; i < seeds.length; i++) {
            write(seedFile(folder, seeds[i], subfolders), images.toBufferedImage(i));
        }
    }

    /**
     * Where {@link #writeSeeds} puts the image of a seed.
     *
     * @throws IllegalArgumentException if the seed is negative
     */
    public static Path seedFile(Path folder, long seed, boolean subfolders) {
        if (seed < 0) {
            throw new IllegalArgumentException("seed is " + seed + ", expected 0 or a positive number");
        }
        Path parent = subfolders
                ? folder.resolve(String.format(Locale.ROOT, "%06d", seed - seed % SEEDS_PER_FOLDER))
                : folder;
        return parent.resolve(String.format(Locale.ROOT, "seed%06d.png", seed));
    }

    /**
     * Writes a picture, making the folders above it.
     *
     * @throws IOException if the file cannot be written; the message names it
     */
    public static void write(Path file, RenderedImage picture) throws IOException {
        byte[] bytes = encode(picture);
        Path folder = file.toAbsolutePath().getParent();
        try {
            Files.createDirectories(folder);
        } catch (IOException failure) {
            throw new IOException("cannot write " + file + ": the folder cannot be made: " + failure, failure);
        }
        AtomicFile.write(file, out -> out.write(bytes));
    }

    private static byte[] encode(RenderedImage picture) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            if (!ImageIO.write(picture, "png", out)) {
                throw new IOException("this Java runtime has no PNG writer for the picture's colour model");
            }
        }
        return bytes.toByteArray();
    }
}
