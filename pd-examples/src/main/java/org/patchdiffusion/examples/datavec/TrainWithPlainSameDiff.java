package org.patchdiffusion.examples.datavec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.learning.config.Adam;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.samediff.LossListener;
import org.patchdiffusion.train.samediff.TrainingIterator;

/** Trains the loss graph by {@code SameDiff.fit} alone, with DL4J's own updater, on patches of half the image's sides. */
public final class TrainWithPlainSameDiff {

    private TrainWithPlainSameDiff() {}

    /** Takes the folder or zip of pictures; shows the loss of 100 steps. */
    public static void main(String[] arguments) throws IOException {
        try (ImageDataset images = ImageDataset.open(Path.of(arguments[0]))) {
            System.out.println(losses(images, 100));
        }
    }

    static List<Double> losses(ImageDataset images, long steps) {
        UNetConfig network = UNetConfig.ddpmpp(images.height(), images.channels())
                .modelChannels(8)
                .channelMult(List.of(1))
                .numBlocks(1)
                .attnResolutions(List.of())
                .dropout(0)
                .build();
        ModelConfig config = new ModelConfig(network, EdmPreconditioning.standard(), images.height(), images.width());
        DiffusionModel model = DiffusionModel.create(config, RandomStream.of(0, Purpose.INIT, 0, 0));
        TrainingConfig settings = TrainingConfig.builder()
                .batch(4)
                .patchSizes(PatchDistribution.parse("1/2:1"))
                .build();
        TrainingIterator batches = TrainingIterator.of(settings, model, images, steps);
        SameDiff sd = batches.lossGraph().sameDiff();
        sd.setTrainingConfig(org.nd4j.autodiff.samediff.TrainingConfig.builder()
                .updater(new Adam(5e-3))
                .dataSetFeatureMapping(batches.features())
                .markLabelsUnused()
                .build());
        LossListener losses = new LossListener();
        sd.fit(batches, 1, losses);
        return losses.losses();
    }
}
