package org.patchdiffusion.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ImagesTest {
    @TempDir
    Path folder;

    @Test
    void quantizesAsTheOfficialTool() {
        double[] values = {-1.1, -1, -0.99, 0, 0.003, 0.99, 1, 1.1};
        try (INDArray array = Nd4j.createFromArray(values).reshape(1, 1, 2, 4)) {
            byte[] bytes = Images.fromModelRange(array).pixels().get(0);
            // -1 becomes 0.5 and drops to 0; 0.99 becomes 254.2; 1 becomes 255.5 and is clamped.
            assertArrayEquals(new byte[] {0, 0, 1, (byte) 128, (byte) 128, (byte) 254, -1, -1}, bytes);
        }
    }

    @Property(tries = 256)
    void everyByteSurvivesTheRoundTripThroughFloat(@ForAll @IntRange(min = 0, max = 255) int value) {
        float shown = (float) (value / 127.5 - 1);
        try (INDArray array = Nd4j.createFromArray(new float[] {shown}).reshape(1, 1, 1, 1)) {
            assertEquals(value, Images.fromModelRange(array).value(0, 0, 0, 0));
        }
    }

    @Test
    void aDivergedImageIsNamed() {
        try (INDArray array = Nd4j.createFromArray(0.5, Double.NaN).reshape(2, 1, 1, 1)) {
            String message = assertThrows(IllegalArgumentException.class, () -> Images.fromModelRange(array))
                    .getMessage();
            assertEquals("image 1 holds values that are not numbers: the model has diverged", message);
        }
    }

    @Test
    void pngFilesHoldTheExactPixels() throws IOException {
        Images colour = gradients(3, 5, 7, 2);
        PngFiles.writeSeeds(folder, new long[] {0, 1234567}, colour, false);
        assertSame(colour, 1, ImageIO.read(folder.resolve("seed1234567.png").toFile()));
        assertSame(colour, 0, ImageIO.read(folder.resolve("seed000000.png").toFile()));

        Images gray = gradients(1, 5, 7, 1);
        PngFiles.writeSeeds(folder, new long[] {2345}, gray, true);
        BufferedImage read =
                ImageIO.read(folder.resolve("002000/seed002345.png").toFile());
        assertEquals(1, read.getRaster().getNumBands());
        assertEquals(gray.value(0, 0, 4, 6), read.getRaster().getSample(6, 4, 0));
    }

    @Test
    void aFailedWriteLeavesNothingBehind() throws IOException {
        Path occupied = folder.resolve("seed000001.png");
        Files.createDirectories(occupied.resolve("in-the-way"));
        String message = assertThrows(
                        IOException.class,
                        () -> PngFiles.writeSeeds(folder, new long[] {1}, gradients(3, 4, 4, 1), false))
                .getMessage();
        assertTrue(message.startsWith("cannot write " + occupied), message);
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(occupied), files.toList());
        }
    }

    @Test
    void gridPlacesEveryPixel() {
        Images images = gradients(3, 4, 6, 5);
        BufferedImage grid = new ImageGrid(3, 2, 0x123456, 2).draw(images);
        assertEquals(3 * (6 * 2 + 2) + 2, grid.getWidth());
        assertEquals(2 * (4 * 2 + 2) + 2, grid.getHeight());
        assertEquals(0x123456, grid.getRGB(1, 5) & 0xFFFFFF);
        assertEquals(0x123456, grid.getRGB(grid.getWidth() - 5, grid.getHeight() - 5) & 0xFFFFFF, "empty place");
        // Image 4 stands in row 1, column 1.
        for (int y = 0; y < 8; y++) {
            for (int x = 0; x < 12; x++) {
                assertEquals(images.rgb(4, y / 2, x / 2), grid.getRGB(14 + 2 + x, 10 + 2 + y) & 0xFFFFFF);
            }
        }
    }

    @Test
    void badArgumentsAreNamed() {
        assertEquals(
                "image 1 has 11 bytes, expected 12 for 3 channels of 2x2",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new Images(3, 2, 2, List.of(new byte[12], new byte[11])))
                        .getMessage());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> ImageGrid.ofColumns(2)
                        .draw(gradients(4, 2, 2, 1)))
                .getMessage()
                .startsWith("images have 4 channels, expected 1 (gray) or 3 (RGB)"));
        assertThrows(IllegalArgumentException.class, () -> ImageGrid.ofColumns(0));
        assertThrows(
                IllegalArgumentException.class,
                () -> PngFiles.writeSeeds(folder, new long[1], gradients(1, 2, 2, 2), false));
    }

    private static void assertSame(Images images, int image, BufferedImage picture) {
        for (int y = 0; y < images.height(); y++) {
            for (int x = 0; x < images.width(); x++) {
                assertEquals(images.rgb(image, y, x), picture.getRGB(x, y) & 0xFFFFFF);
            }
        }
    }

    private static Images gradients(int channels, int height, int width, int count) {
        return new Images(
                channels,
                height,
                width,
                Stream.iterate(0, i -> i + 1)
                        .limit(count)
                        .map(n -> {
                            byte[] pixels = new byte[channels * height * width];
                            for (int i = 0; i < pixels.length; i++) {
                                pixels[i] = (byte) (i * 37 + n * 101);
                            }
                            return pixels;
                        })
                        .toList());
    }
}
