package org.patchdiffusion.examples;

import java.util.List;
import java.util.Set;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.eval.EdmSamplerConfig;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.train.config.TrainingConfig;

/** Everything that {@link Quickstart} can be tuned with, in one place. */
final class QuickstartConfig {
    /** Category "Smileys and Emotion" of the embedded data set. */
    private static final Set<Integer> CLASSES = Set.of(7);

    /** Every fifth image is kept from training, to compare samples with. */
    static final int HOLD_OUT_EVERY = 5;

    /** The same choice of images for {@code pd train}. */
    static final String DATA_OPTIONS = "--classes 7 --hold-out-every " + HOLD_OUT_EVERY;

    static final int SAMPLES = 64;
    static final int GRID_COLUMNS = 8;
    static final int GRID_SCALE = 3;

    private QuickstartConfig() {}

    /** Which images of the data set to use. */
    static DatasetOptions data() {
        return DatasetOptions.ALL.withClasses(CLASSES);
    }

    /**
     * A DDPM++ U-Net small enough for some minutes on a few cores: narrow where images are large, so that it takes many
     * steps, and wide where they are small, where it learns shapes.
     */
    static ModelConfig model(ImageDataset images) {
        UNetConfig network = UNetConfig.ddpmpp(images.height(), images.channels())
                .modelChannels(16)
                .channelMult(List.of(1, 2, 4))
                .numBlocks(1)
                .attnResolutions(List.of(8))
                .dropout(0)
                .build();
        return new ModelConfig(network, EdmPreconditioning.standard(), images.height(), images.width());
    }

    /** Settings for a run of minutes: a fast rise of the learning rate and an average that follows quickly. */
    static TrainingConfig training() {
        return TrainingConfig.builder()
                .batch(16)
                .learningRate(2e-3)
                .lrRampupKimg(2)
                .emaHalflifeKimg(12)
                .emaRampupRatio(0.2)
                .realP(0.5)
                .xflip(true)
                .seed(0)
                .tickKimg(5)
                .snapshotKimg(0)
                .checkpointKimg(0)
                .build();
    }

    /** The paper's deterministic sampler. */
    static EdmSamplerConfig sampler() {
        return EdmSamplerConfig.defaults();
    }
}
