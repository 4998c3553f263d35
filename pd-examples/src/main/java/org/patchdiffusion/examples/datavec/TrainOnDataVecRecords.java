package org.patchdiffusion.examples.datavec;

import java.io.File;
import java.io.IOException;
import java.util.List;
import org.datavec.api.io.labels.ParentPathLabelGenerator;
import org.datavec.api.split.FileSplit;
import org.datavec.image.recordreader.ImageRecordReader;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.data.datavec.RecordImages;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingResult;
import org.patchdiffusion.train.config.TrainingConfig;

/** Trains on what a DataVec reader reads: any pictures, scaled to 32x32 by DataVec, with their folders as classes. */
public final class TrainOnDataVecRecords {

    private TrainOnDataVecRecords() {}

    /** Takes the folder of pictures; trains for 20,000 images. */
    public static void main(String[] arguments) throws IOException {
        try (TrainingResult result = train(new File(arguments[0]), 20)) {
            System.out.println(Messages.count(result.progress().steps(), "step") + ", "
                    + Messages.count(result.progress().images(), "image"));
        }
    }

    static TrainingResult train(File folder, double kimg) throws IOException {
        ImageRecordReader reader = new ImageRecordReader(32, 32, 3, new ParentPathLabelGenerator());
        reader.initialize(new FileSplit(folder));
        try (ImageDataset images = RecordImages.of(reader)
                .name(folder.getName())
                .channelOrder(2, 1, 0)
                .read()) {
            UNetConfig network = UNetConfig.ddpmpp(32, images.channels())
                    .labelDim(images.labelDim())
                    .modelChannels(16)
                    .channelMult(List.of(1, 2))
                    .numBlocks(1)
                    .attnResolutions(List.of())
                    .build();
            ModelConfig config = new ModelConfig(network, EdmPreconditioning.standard(), 32, 32);
            TrainingConfig settings = TrainingConfig.builder()
                    .batch(8)
                    .durationKimg(kimg)
                    .lrRampupKimg(1)
                    .patchSizes(PatchDistribution.parse("1/2:0.5,1:0.5"))
                    .build();
            RandomStream random = RandomStream.of(settings.seed(), Purpose.INIT, 0, 0);
            return Trainer.fresh(settings, DiffusionModel.create(config, random), images)
                    .build()
                    .run();
        }
    }
}
