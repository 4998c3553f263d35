package org.patchdiffusion.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.model.Denoiser;
import org.patchdiffusion.model.precond.NoiseLevel;

class DenoisingLossTest {
    private static final int CHANNELS = 2;
    private static final int HEIGHT = 6;
    private static final int WIDTH = 4;
    private static final PatchSize WHOLE = new PatchSize(HEIGHT, WIDTH);
    private static final NoiseLevel LEVEL = new NoiseLevel(0.5, 8);

    /** Eleven images, each of one value: 0, 0.1, 0.2 and so on; of the classes 0 and 1 in turn. */
    private final ImageDataset images = images();

    private static ImageDataset images() {
        List<float[]> images = new ArrayList<>();
        for (int i = 0; i < 11; i++) {
            float[] image = new float[CHANNELS * HEIGHT * WIDTH];
            Arrays.fill(image, i / 10f);
            images.add(image);
        }
        int[] labels = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0};
        return ImageDataset.ofFloats("steps", CHANNELS, HEIGHT, WIDTH, images, labels, List.of("even", "odd"));
    }

    @Test
    void aDenoiserThatSaysZeroLosesTheSquareOfTheImage() {
        DenoisingLoss loss = new DenoisingLoss(images, 11, WHOLE, false, 3);
        double[] losses = loss.of((x, sigma, labels) -> x.mul(0), LEVEL, 0);
        for (int i = 0; i < 11; i++) {
            assertEquals(8 * i * i / 100.0, losses[i], 1e-6);
        }
    }

    @Test
    void aDenoiserThatChangesNothingLosesTheNoiseWhichIsAFunctionOfSeedLevelAndImage() {
        DenoisingLoss loss = new DenoisingLoss(images, 11, WHOLE, false, 3);
        Denoiser idle = (x, sigma, labels) -> x;
        double[] losses = loss.of(idle, LEVEL, 2);
        float[] noise = new float[CHANNELS * HEIGHT * WIDTH];
        for (int i = 0; i < 11; i++) {
            RandomStream.of(3, Purpose.VALIDATION, 2, i).fillGaussian(noise);
            double sum = 0;
            for (float value : noise) {
                sum += 0.25 * value * value;
            }
            assertEquals(8 * sum / noise.length, losses[i], 1e-5);
        }
        assertArrayEquals(losses, loss.of(idle, LEVEL, 2));
        assertArrayEquals(Arrays.copyOf(losses, 3), new DenoisingLoss(images, 3, WHOLE, false, 3).of(idle, LEVEL, 2));
    }

    @Test
    void aPatchIsTheMiddleOfImageNoiseAndCoordinates() {
        DenoisingLoss loss = new DenoisingLoss(images, 1, new PatchSize(2, 2), false, 3);
        float[] noise = new float[CHANNELS * HEIGHT * WIDTH];
        RandomStream.of(3, Purpose.VALIDATION, 0, 0).fillGaussian(noise);
        loss.of(
                (x, sigma, labels) -> {
                    assertArrayEquals(new long[] {1, CHANNELS, 2, 2}, x.shape());
                    assertEquals(0.5f, sigma.getFloat(0));
                    for (int c = 0; c < CHANNELS; c++) {
                        for (int y = 0; y < 2; y++) {
                            for (int column = 0; column < 2; column++) {
                                float expected = 0.5f * noise[(c * HEIGHT + y + 2) * WIDTH + column + 1];
                                assertEquals(expected, x.getFloat(0, c, y, column), 1e-6f);
                            }
                        }
                    }
                    return x;
                },
                LEVEL,
                0);
        try (INDArray positions = loss.positions()) {
            assertArrayEquals(new long[] {1, 2, 2, 2}, positions.shape());
            // Columns 1 and 2 of 4, rows 2 and 3 of 6, between -1 and 1.
            assertArrayEquals(
                    new float[] {-1 / 3f, 1 / 3f, -1 / 3f, 1 / 3f, -0.2f, -0.2f, 0.2f, 0.2f},
                    positions.data().asFloat(),
                    1e-6f);
        }
    }

    @Test
    void aConditionalModelIsToldTheClasses() {
        List<String> seen = new ArrayList<>();
        new DenoisingLoss(images, 11, WHOLE, true, 3)
                .of(
                        (x, sigma, labels) -> {
                            for (int i = 0; i < labels.size(0); i++) {
                                seen.add(labels.getInt(i, 0) + "" + labels.getInt(i, 1));
                            }
                            return x;
                        },
                        LEVEL,
                        0);
        assertEquals(List.of("10", "01", "10", "01", "10", "01", "10", "01", "10", "01", "10"), seen);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new DenoisingLoss(images, 0, WHOLE, false, 0));
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new DenoisingLoss(images, 1, new PatchSize(7, 4), false, 0))
                .getMessage();
        assertEquals("loss of patches of 4x7, expected at most the images' size, 4x6", message);
    }
}
