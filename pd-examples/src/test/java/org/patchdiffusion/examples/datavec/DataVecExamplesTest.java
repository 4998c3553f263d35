package org.patchdiffusion.examples.datavec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.datavec.api.records.reader.RecordReader;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.train.TrainingResult;

/** The example programs, and that the README shows what they do. */
class DataVecExamplesTest {

    @TempDir
    Path folder;

    /** Eight pictures of 32x32 in two folders: the red of each grows with x, the rest is a number of the picture. */
    @BeforeEach
    void draw() throws IOException {
        for (int i = 0; i < 8; i++) {
            BufferedImage image = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
            for (int y = 0; y < 32; y++) {
                for (int x = 0; x < 32; x++) {
                    image.setRGB(x, y, 8 * x << 16 | 8 * y << 8 | 16 * i);
                }
            }
            Path file = folder.resolve(i % 2 == 0 ? "cat" : "dog").resolve(i + ".png");
            Files.createDirectories(file.getParent());
            ImageIO.write(image, "png", file.toFile());
        }
    }

    private ImageDataset open() throws IOException {
        return ImageDataset.open(folder, DatasetOptions.ALL.withLabels(true), ProgressListener.NONE);
    }

    /** Red and green of a patch follow from the coordinates: that is how the pictures are drawn. */
    private static void assertPatchesLieWhereTheySay(INDArray patches, INDArray positions) {
        for (int i = 0; i < patches.size(0); i++) {
            for (int y = 0; y < patches.size(2); y++) {
                for (int x = 0; x < patches.size(3); x++) {
                    for (int c = 0; c < 2; c++) {
                        long place = Math.round((positions.getDouble(i, c, y, x) / 2 + 0.5) * 31);
                        assertEquals(8 * place / 127.5 - 1, patches.getDouble(i, c, y, x), 1e-6);
                    }
                }
            }
        }
    }

    @Test
    void patchesOfSeveralSizesFromAnyReader() throws IOException {
        MultiDataSetIterator patches = PatchesForDataVec.patches(folder.toFile());
        for (int step = 0; step < 5; step++) {
            MultiDataSet batch = patches.next();
            assertEquals(
                    16 * 32, batch.getFeatures(0).size(0) * batch.getFeatures(0).size(2));
            assertPatchesLieWhereTheySay(batch.getFeatures(0), batch.getFeatures(1));
            for (int i = 0; i < batch.getLabels(0).size(0); i++) {
                long picture = Math.round((batch.getFeatures(0).getDouble(i, 2, 0, 0) + 1) * 127.5) / 16;
                assertEquals(1, batch.getLabels(0).getDouble(i, picture % 2));
            }
        }
        PatchesForDataVec.main(new String[] {folder.toString()});
    }

    @Test
    void patchesInAPipelineOfImages() throws IOException {
        DataSet batch = PatchesInAPipeline.patches(folder.toFile()).next();
        assertArrayEquals(new long[] {8, 5, 16, 16}, batch.getFeatures().shape());
        INDArray[] parts = {batch.getFeatures(), null};
        for (int i = 0; i < 8; i++) {
            for (int c = 0; c < 2; c++) {
                for (int at = 0; at < 16; at++) {
                    long place = Math.round((parts[0].getDouble(i, 3 + c, at, at) / 2 + 0.5) * 31);
                    assertEquals(8 * place / 127.5 - 1, parts[0].getDouble(i, c, at, at), 1e-6);
                }
            }
        }
        assertEquals(8, batch.getLabels().sumNumber().intValue());
    }

    @Test
    void patchesAsRecords() throws IOException {
        try (ImageDataset images = open()) {
            MultiDataSet batch = PatchRecords.patches(images).next();
            assertArrayEquals(new long[] {8, 3, 16, 16}, batch.getFeatures(0).shape());
            assertArrayEquals(new long[] {8, 2}, batch.getLabels(0).shape());
        }
    }

    @Test
    void patchesInATransformProcess() throws IOException {
        try (ImageDataset images = open()) {
            RecordReader reader = PatchesInATransformProcess.patches(images);
            List<Writable> record = reader.next();
            assertPatchesLieWhereTheySay(
                    ((NDArrayWritable) record.get(0)).get(), ((NDArrayWritable) record.get(1)).get());
            assertEquals(images.label(0), record.get(2).toInt());
        }
    }

    @Test
    void trainingOnRecords() throws IOException {
        try (TrainingResult result = TrainOnDataVecRecords.train(folder.toFile(), 0.04)) {
            // Twelve images a step on average: half of the steps show eight, half sixteen.
            assertEquals(4, result.progress().steps());
            assertEquals(48, result.progress().images());
        }
    }

    @Test
    void plainSameDiffTrainsTheLossGraph() throws IOException {
        List<Double> losses;
        try (ImageDataset images = open()) {
            losses = TrainWithPlainSameDiff.losses(images, 12);
        }
        assertEquals(12, losses.size());
        double first = losses.subList(0, 4).stream().mapToDouble(l -> l).sum();
        double last = losses.subList(8, 12).stream().mapToDouble(l -> l).sum();
        assertTrue(last < first, losses.toString());
    }

    @Test
    void theReadmeShowsTheseLines() throws IOException {
        String readme = Files.readString(Path.of("../README.md"));
        assertShown(readme, "With DataVec", "PatchesForDataVec");
        assertShown(readme, "With SameDiff alone", "TrainWithPlainSameDiff");
    }

    private static void assertShown(String readme, String heading, String program) throws IOException {
        int section = readme.indexOf("## " + heading);
        assertTrue(section > 0, heading);
        int start = readme.indexOf("```java\n", section) + 8;
        String shown = words(readme.substring(start, readme.indexOf("```", start)));
        String source = words(
                Files.readString(Path.of("src/main/java/org/patchdiffusion/examples/datavec/" + program + ".java")));
        assertTrue(source.contains(shown), "the README shows other lines than " + program + ": " + shown);
    }

    /** Text without its line breaks and indents. */
    private static String words(String text) {
        return text.replaceAll("\\s+", " ").strip();
    }
}
