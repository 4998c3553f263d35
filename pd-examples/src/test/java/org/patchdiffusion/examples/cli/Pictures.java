package org.patchdiffusion.examples.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Folders of random PNG files. */
final class Pictures {

    private Pictures() {}

    static Path folder(Path folder, int count, int width, int height) throws IOException {
        Files.createDirectories(folder);
        for (int i = 0; i < count; i++) {
            write(folder.resolve("image" + i + ".png"), width, height, i);
        }
        return folder;
    }

    static void write(Path file, int width, int height, long seed) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(seed);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt(1 << 24));
            }
        }
        ImageIO.write(image, "png", file.toFile());
    }

    static void labels(Path folder, int count, int classes) throws IOException {
        StringBuilder json = new StringBuilder("{\"labels\": [");
        for (int i = 0; i < count; i++) {
            json.append(i == 0 ? "" : ", ").append("[\"image" + i + ".png\", " + i % classes + "]");
        }
        Files.writeString(folder.resolve("dataset.json"), json.append("]}"));
    }
}
