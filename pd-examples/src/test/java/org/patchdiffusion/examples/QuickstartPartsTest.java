package org.patchdiffusion.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
            DatasetPart training = DatasetPart.allButEvery(10, images);
            DatasetPart heldOut = DatasetPart.every(10, images);
            Set<Integer> all = new HashSet<>(training.indices());
            assertTrue(all.stream().noneMatch(heldOut.indices()::contains));
            all.addAll(heldOut.indices());
            assertEquals(images.size(), all.size());
            assertEquals(images.size() / 10, heldOut.size());
            assertEquals(images.image(9), heldOut.image(0));
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
            DatasetPart training = DatasetPart.allButEvery(10, images);
            DatasetPart heldOut = DatasetPart.every(10, images);
            Images copies = training.pictures(40);
            Distances distances = Distances.measure(copies, training, heldOut);
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
