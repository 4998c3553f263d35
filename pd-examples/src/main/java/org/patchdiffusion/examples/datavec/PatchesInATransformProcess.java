package org.patchdiffusion.examples.datavec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.datavec.api.records.reader.RecordReader;
import org.datavec.api.records.reader.impl.transform.TransformProcessRecordReader;
import org.datavec.api.transform.TransformProcess;
import org.datavec.api.transform.schema.Schema;
import org.datavec.api.writable.Writable;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.data.datavec.DatasetRecordReader;
import org.patchdiffusion.data.datavec.PatchTransform;

/** Patches as a step of a DataVec transform process. */
public final class PatchesInATransformProcess {

    private PatchesInATransformProcess() {}

    /** Takes the folder or zip of pictures; shows the first record. */
    public static void main(String[] arguments) throws IOException {
        DatasetOptions labelled = DatasetOptions.ALL.withLabels(true);
        try (ImageDataset images = ImageDataset.open(Path.of(arguments[0]), labelled, ProgressListener.NONE)) {
            List<Writable> record = patches(images).next();
            record.forEach(System.out::println);
        }
    }

    static RecordReader patches(ImageDataset images) {
        Schema schema = new Schema.Builder()
                .addColumnNDArray("image", new long[] {1, images.channels(), images.height(), images.width()})
                .addColumnInteger("class")
                .build();
        TransformProcess process = new TransformProcess.Builder(schema)
                // The records of a data set are scaled already: their values stay as they are.
                .transform(new PatchTransform("image", images.height() / 2, images.width() / 2, PixelType.FLOAT32, 7))
                .renameColumn("class", "label")
                .build();
        return new TransformProcessRecordReader(DatasetRecordReader.ofImages(images), process);
    }
}
