package org.patchdiffusion.train.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.data.DatasetSplit;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.eval.Images;

class MemorisationTest {

    /** Gray images of 4x4 pixels of one value each. */
    private static ImageDataset gray(int... values) {
        return ImageDataset.ofBytes("gray", 1, 4, 4, pixels(values), null, List.of());
    }

    private static List<byte[]> pixels(int... values) {
        List<byte[]> images = new ArrayList<>();
        for (int value : values) {
            byte[] image = new byte[16];
            Arrays.fill(image, (byte) value);
            images.add(image);
        }
        return images;
    }

    @Test
    void samplesAndHeldOutImagesAreComparedWithTheTrainingImages() {
        DatasetSplit split = new DatasetSplit(gray(0, 100, 200), gray(90, 150, 255));
        Memorisation memorisation = new Memorisation(split, 2, 0);
        assertTrue(memorisation.take().isEmpty());
        memorisation.drawn(new Images(1, 4, 4, pixels(100, 220, 50)));
        Map<String, Stat> stats = memorisation.take();
        // Of the first two samples one is a copy, the other 20 levels off; of the held-out ones 10 and 50.
        Stat samples = stats.get("Memorisation/nearest_train");
        assertEquals(2, samples.num());
        assertEquals(10 / 127.5, samples.mean(), 1e-6);
        assertEquals(10 / 127.5, samples.std(), 1e-6);
        Stat heldOut = stats.get("Memorisation/nearest_heldout");
        assertEquals(2, heldOut.num());
        assertEquals(30 / 127.5, heldOut.mean(), 1e-6);
        assertEquals(20 / 127.5, heldOut.std(), 1e-6);
        assertTrue(memorisation.take().isEmpty());
    }

    @Test
    void latentsAreRefused() {
        ImageDataset latents = ImageDataset.ofFloats("z", 1, 2, 2, List.of(new float[4]), null, List.of());
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new Memorisation(new DatasetSplit(latents, latents), 1, 0))
                .getMessage();
        assertEquals("samples cannot be compared with the latents of z, expected a data set of pictures", message);
    }
}
