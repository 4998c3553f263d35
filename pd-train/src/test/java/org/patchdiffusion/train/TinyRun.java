package org.patchdiffusion.train;

import java.util.List;
import java.util.Random;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.precond.EdmPreconditioning;

/** A model of eight channels and sixteen random images: the smallest run that has everything. */
final class TinyRun {
    static final int SIZE = 16;

    private TinyRun() {}

    static UNetConfig.Builder network() {
        return UNetConfig.ddpmpp(SIZE, 3)
                .modelChannels(8)
                .channelMult(List.of(1, 1))
                .numBlocks(1)
                .attnResolutions(List.of())
                .dropout(0);
    }

    static ModelConfig modelConfig(UNetConfig.Builder network) {
        return new ModelConfig(network.build(), EdmPreconditioning.standard(), SIZE, SIZE);
    }

    static DiffusionModel model() {
        return DiffusionModel.create(modelConfig(network()), new Random(1));
    }

    static Engine engine() {
        return Engines.byName("generic");
    }

    static TrainingConfig.Builder config() {
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

    static ImageDataset data() {
        return data(0, 0);
    }

    static ImageDataset data(int classes, long seed) {
        return new Images(classes, seed, -1);
    }

    /** A data set that throws when that image is read. */
    static ImageDataset dataFailingAt(int index) {
        return new Images(0, 0, index);
    }

    /** Random images in memory. */
    private record Images(int labelDim, long seed, int broken) implements ImageDataset {

        @Override
        public String name() {
            return "tiny";
        }

        @Override
        public int size() {
            return 16;
        }

        @Override
        public int height() {
            return SIZE;
        }

        @Override
        public int width() {
            return SIZE;
        }

        @Override
        public int channels() {
            return 3;
        }

        @Override
        public byte[] image(int index) {
            if (index == broken) {
                throw new IllegalStateException("image " + index + " is gone");
            }
            byte[] pixels = new byte[3 * SIZE * SIZE];
            new Random(seed * 1000 + index).nextBytes(pixels);
            return pixels;
        }

        @Override
        public int label(int index) {
            return labelDim == 0 ? -1 : index % labelDim;
        }

        @Override
        public String fingerprint() {
            return "fingerprint " + seed;
        }

        @Override
        public void close() {}
    }
}
