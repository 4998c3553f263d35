package org.patchdiffusion.examples.datavec;

import java.io.File;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.datavec.api.io.labels.ParentPathLabelGenerator;
import org.datavec.api.split.FileSplit;
import org.datavec.image.recordreader.ImageRecordReader;
import org.datavec.image.transform.ColorConversionTransform;
import org.datavec.image.transform.ImageTransform;
import org.datavec.image.transform.PipelineImageTransform;
import org.datavec.image.transform.ResizeImageTransform;
import org.deeplearning4j.datasets.datavec.RecordReaderDataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.patchdiffusion.data.datavec.PatchImageTransform;

/** Patches of 16x16 at the end of a pipeline of DataVec's own image transforms: five channels, the last two coordinates. */
public final class PatchesInAPipeline {

    private PatchesInAPipeline() {}

    /** Takes the folder of pictures; shows the shape of a batch. */
    public static void main(String[] arguments) throws IOException {
        System.out.println(Arrays.toString(
                patches(new File(arguments[0])).next().getFeatures().shape()));
    }

    static DataSetIterator patches(File folder) throws IOException {
        ImageTransform pipeline = new PipelineImageTransform(
                new ResizeImageTransform(32, 32),
                new ColorConversionTransform(opencv_imgproc.COLOR_BGR2RGB),
                new PatchImageTransform(new Random(7), 16, 16));
        // The reader scales and converts what does not fit: its size is the patch's, its channels are all five.
        ImageRecordReader reader = new ImageRecordReader(16, 16, 5, new ParentPathLabelGenerator(), pipeline);
        reader.initialize(new FileSplit(folder));
        return new RecordReaderDataSetIterator(reader, 8, 1, reader.numLabels());
    }
}
