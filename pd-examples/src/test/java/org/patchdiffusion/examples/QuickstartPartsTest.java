package org.patchdiffusion.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.data.DatasetSplit;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.model.DiffusionModel;

class QuickstartPartsTest {

    private static ImageDataset open(Path folder) throws IOException {
        Path zip = folder.resolve("emoji.zip");
        try (InputStream in = Quickstart.class.getResourceAsStream("noto-emoji-32x32.zip")) {
            Files.copy(in, zip);
        }
        return ImageDataset.open(zip, QuickstartConfig.data(), ProgressListener.NONE);
    }

    @Test
    void heldOutImagesAreNotTrainedOn(@TempDir Path folder) throws IOException {
        try (ImageDataset images = open(folder)) {
            DatasetSplit split = images.everyNth(10);
            assertEquals(images.size() / 10, split.heldOut().size());
            assertEquals(
                    images.size(), split.heldOut().size() + split.training().size());
            assertArrayEquals(images.image(9), split.heldOut().image(0));
            assertArrayEquals(images.image(10), split.training().image(9));
        }
    }

    @Test
    void theDefaultModelFitsTheImages(@TempDir Path folder) throws IOException {
        try (ImageDataset images = open(folder)) {
            long parameters =
                    DiffusionModel.layout(QuickstartConfig.model(images)).parameterCount();
            assertTrue(parameters > 100_000 && parameters < 10_000_000, "parameters: " + parameters);
        }
    }

    @Test
    void realImagesAreCloserToRealImagesThanNoise(@TempDir Path folder) throws IOException {
        try (ImageDataset images = open(folder)) {
            DatasetSplit split = images.everyNth(10);
            Images copies = Distances.pictures(split.training(), 40);
            Distances distances = Distances.measure(copies, split);
            assertEquals(40, distances.count());
            double samples = distances.results().get("Samples").average();
            assertEquals(distances.results().get("Other real images").average(), samples);
            assertTrue(samples < 0.8 * distances.results().get("Noise").average(), distances.toString());
            assertEquals(
                    List.of("Samples", "Other real images", "Noise"),
                    List.copyOf(distances.rows().keySet()));
        }
    }
}
