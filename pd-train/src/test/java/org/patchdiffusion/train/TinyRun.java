package org.patchdiffusion.train;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.patchdiffusion.data.DatasetDescription;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PixelReader;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.train.config.TrainingConfig;

/** A model of eight channels and sixteen random images: the smallest run that has everything. */
public final class TinyRun {
    public static final int SIZE = 16;

    private TinyRun() {}

    public static UNetConfig.Builder network() {
        return UNetConfig.ddpmpp(SIZE, 3)
                .modelChannels(8)
                .channelMult(List.of(1, 1))
                .numBlocks(1)
                .attnResolutions(List.of())
                .dropout(0);
    }

    public static ModelConfig modelConfig(UNetConfig.Builder network) {
        return new ModelConfig(network.build(), EdmPreconditioning.standard(), SIZE, SIZE);
    }

    public static DiffusionModel model() {
        return DiffusionModel.create(modelConfig(network()), new Random(1));
    }

    public static Engine engine() {
        return Engines.byName("generic");
    }

    public static TrainingConfig.Builder config() {
        return TrainingConfig.builder()
                .batch(2)
                .durationKimg(0.018)
                .learningRate(1e-3)
                .lrRampupKimg(0.006)
                .emaHalflifeKimg(0.01)
                .tickKimg(0.009)
                .snapshotKimg(0)
                .checkpointKimg(0)
                .engine("generic")
                .seed(5);
    }

    public static ImageDataset data() {
        return data(0, 0);
    }

    public static ImageDataset data(int classes, long seed) {
        return data(classes, seed, -1);
    }

    /** A data set that throws when that image is read. */
    public static ImageDataset dataFailingAt(int index) {
        return data(0, 0, index);
    }

    private static ImageDataset data(int classes, long seed, int broken) {
        List<String> names =
                IntStream.range(0, classes).mapToObj(String::valueOf).toList();
        DatasetDescription description =
                new DatasetDescription("tiny", 16, 3, SIZE, SIZE, PixelType.UINT8, names, "fingerprint " + seed);
        int[] labels = classes == 0
                ? null
                : IntStream.range(0, 16).map(i -> i % classes).toArray();
        return ImageDataset.of(description, labels, new RandomImages(seed, broken));
    }

    private record RandomImages(long seed, int broken) implements PixelReader {

        @Override
        public ByteBuffer read(int index) {
            if (index == broken) {
                throw new IllegalStateException("image " + index + " is gone");
            }
            byte[] pixels = new byte[3 * SIZE * SIZE];
            new Random(seed * 1000 + index).nextBytes(pixels);
            return ByteBuffer.wrap(pixels);
        }

        @Override
        public String place() {
            return "made up";
        }

        @Override
        public void close() {}
    }
}
