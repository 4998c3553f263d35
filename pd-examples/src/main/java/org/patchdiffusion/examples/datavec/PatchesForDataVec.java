package org.patchdiffusion.examples.datavec;

import java.io.File;
import java.io.IOException;
import java.util.Arrays;
import org.datavec.api.io.labels.ParentPathLabelGenerator;
import org.datavec.api.split.FileSplit;
import org.datavec.image.recordreader.ImageRecordReader;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.PatchIterator;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.data.datavec.RecordImages;

/** From any DataVec reader of pictures to random patches of several sizes, with their coordinates and classes. */
public final class PatchesForDataVec {

    private PatchesForDataVec() {}

    /** Takes the folder of pictures; shows what two steps give. */
    public static void main(String[] arguments) throws IOException {
        MultiDataSetIterator patches = patches(new File(arguments[0]));
        for (int step = 0; step < 2; step++) {
            MultiDataSet batch = patches.next();
            System.out.println("patches " + Arrays.toString(batch.getFeatures(0).shape()) + ", coordinates "
                    + Arrays.toString(batch.getFeatures(1).shape()) + ", labels "
                    + Arrays.toString(batch.getLabels(0).shape()));
        }
    }

    static MultiDataSetIterator patches(File folder) throws IOException {
        ImageRecordReader reader = new ImageRecordReader(32, 32, 3, new ParentPathLabelGenerator());
        reader.initialize(new FileSplit(folder));
        ImageDataset images = RecordImages.of(reader).channelOrder(2, 1, 0).read(); // DataVec reads blue, green, red
        PatchSizes sizes = PatchSizes.of(32, 32, PatchDistribution.parse("1/4:0.2,1/2:0.3,1:0.5"), 4);
        return PatchIterator.builder(images, sizes)
                .batch(16) // of whole images; twice as many halves, four times as many quarters
                .steps(1000)
                .labelsAsTargets(true)
                .build(); // features: patches in [-1, 1] and coordinates; labels: one-hot classes
    }
}
