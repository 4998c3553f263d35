package org.patchdiffusion.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;

/** Image files and data sets made for tests. */
public final class TestImages {

    private TestImages() {}

    /** An image whose pixels are a function of the seed. */
    public static BufferedImage random(int width, int height, int type, long seed) {
        BufferedImage image = new BufferedImage(width, height, type);
        RandomStream random = RandomStream.of(seed, Purpose.INIT, 0, 0);
        int[] bands = new int[image.getRaster().getNumBands()];
        int bound = 1 << image.getColorModel().getComponentSize(0);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int b = 0; b < bands.length; b++) {
                    bands[b] = random.nextInt(bound);
                }
                image.getRaster().setPixel(x, y, bands);
            }
        }
        return image;
    }

    public static byte[] encode(BufferedImage image, String format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, out)) {
                throw new IllegalArgumentException("no " + format + " writer takes this image");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    public static byte[] png(int width, int height, long seed) {
        return encode(random(width, height, BufferedImage.TYPE_INT_RGB, seed), "png");
    }

    public static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    public static Path zip(Path path, Map<String, byte[]> files) throws IOException {
        try (OutputStream file = Files.newOutputStream(path);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            for (Map.Entry<String, byte[]> entry : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
        return path;
    }

    public static Path folder(Path path, Map<String, byte[]> files) throws IOException {
        for (Map.Entry<String, byte[]> entry : files.entrySet()) {
            Path file = path.resolve(entry.getKey());
            Files.createDirectories(file.getParent());
            Files.write(file, entry.getValue());
        }
        return path;
    }
}
