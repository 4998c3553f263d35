package org.patchdiffusion.examples.datavec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.deeplearning4j.datasets.datavec.RecordReaderMultiDataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.data.datavec.DatasetRecordReader;

/** A data set of this toolkit as DataVec records: a random patch of each image, its coordinates, its class. */
public final class PatchRecords {

    private PatchRecords() {}

    /** Takes the folder or zip of pictures; shows the shapes of a batch. */
    public static void main(String[] arguments) throws IOException {
        DatasetOptions labelled = DatasetOptions.ALL.withLabels(true);
        try (ImageDataset images = ImageDataset.open(Path.of(arguments[0]), labelled, ProgressListener.NONE)) {
            System.out.println(
                    Arrays.toString(patches(images).next().getFeatures(1).shape()));
        }
    }

    static MultiDataSetIterator patches(ImageDataset images) {
        PatchSize half = new PatchSize(images.height() / 2, images.width() / 2);
        return new RecordReaderMultiDataSetIterator.Builder(8)
                .addReader("patches", DatasetRecordReader.ofPatches(images, half, 7, true))
                .addInput("patches", 0, 0)
                .addInput("patches", 1, 1)
                .addOutputOneHot("patches", 2, images.labelDim())
                .build();
    }
}
