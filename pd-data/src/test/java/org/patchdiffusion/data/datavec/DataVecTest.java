package org.patchdiffusion.data.datavec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.datavec.api.io.labels.ParentPathLabelGenerator;
import org.datavec.api.records.reader.impl.transform.TransformProcessRecordReader;
import org.datavec.api.split.FileSplit;
import org.datavec.api.transform.TransformProcess;
import org.datavec.api.transform.schema.Schema;
import org.datavec.api.writable.IntWritable;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Text;
import org.datavec.api.writable.Writable;
import org.datavec.image.recordreader.ImageRecordReader;
import org.datavec.image.transform.ColorConversionTransform;
import org.datavec.image.transform.FlipImageTransform;
import org.datavec.image.transform.ImageTransform;
import org.datavec.image.transform.PipelineImageTransform;
import org.deeplearning4j.datasets.datavec.RecordReaderDataSetIterator;
import org.deeplearning4j.datasets.datavec.RecordReaderMultiDataSetIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.data.Crop;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchCropper;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.data.Positions;
import org.patchdiffusion.data.TestImages;

/** Everything through the classes of DataVec and DL4J that users put around it. */
class DataVecTest {

    private static final PatchSize PATCH = new PatchSize(4, 6);

    @TempDir
    Path temp;

    /** Seven random images of 12x8 in three classes. */
    private static ImageDataset dataset() {
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            byte[] image = new byte[3 * 8 * 12];
            new Random(i).nextBytes(image);
            images.add(image);
        }
        return ImageDataset.ofBytes(
                "random", 3, 8, 12, images, new int[] {0, 1, 2, 0, 1, 2, 0}, List.of("a", "b", "c"));
    }

    static Path classFolders(Path temp, int type) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 0; i < 6; i++) {
            BufferedImage image = TestImages.random(12, 8, type, i);
            files.put((i % 2 == 0 ? "cat/" : "dog/") + i + ".png", TestImages.encode(image, "png"));
        }
        return TestImages.folder(temp.resolve("folders"), files);
    }

    static ImageRecordReader reader(Path folder, int height, int width, int channels, ImageTransform transform)
            throws IOException {
        ImageRecordReader reader =
                new ImageRecordReader(height, width, channels, new ParentPathLabelGenerator(), transform);
        reader.setLogLabelCountOnInit(false);
        reader.initialize(new FileSplit(folder.toFile()));
        return reader;
    }

    @Test
    void imagesFeedADataSetIterator() {
        ImageDataset images = dataset();
        RecordReaderDataSetIterator iterator =
                new RecordReaderDataSetIterator(DatasetRecordReader.ofImages(images), 3, 1, 3);
        assertEquals(List.of("a", "b", "c"), iterator.getLabels());
        for (int pass = 0; pass < 2; pass++) {
            int seen = 0;
            while (iterator.hasNext()) {
                DataSet batch = iterator.next();
                for (int i = 0; i < batch.getFeatures().size(0); i++, seen++) {
                    assertArrayEquals(
                            images.values(seen),
                            batch.getFeatures().slice(i).dup('c').data().asFloat());
                    assertEquals(1, batch.getLabels().getDouble(i, images.label(seen)));
                    assertEquals(1, batch.getLabels().slice(i).sumNumber().doubleValue());
                }
            }
            assertEquals(7, seen);
            iterator.reset();
        }
    }

    @Test
    void patchesFeedAMultiDataSetIterator() {
        ImageDataset images = dataset();
        MultiDataSet[] passes = new MultiDataSet[3];
        for (int run = 0; run < 2; run++) {
            RecordReaderMultiDataSetIterator iterator = new RecordReaderMultiDataSetIterator.Builder(7)
                    .addReader("patches", DatasetRecordReader.ofPatches(images, PATCH, 5, true))
                    .addInput("patches", 0, 0)
                    .addInput("patches", 1, 1)
                    .addOutputOneHot("patches", 2, 3)
                    .build();
            MultiDataSet first = iterator.next();
            iterator.reset();
            if (run == 1) {
                assertEquals(passes[0], first);
                assertEquals(passes[1], iterator.next());
            } else {
                passes[0] = first;
                passes[1] = iterator.next();
            }
        }
        assertNotEquals(passes[0].getFeatures(1), passes[1].getFeatures(1), "passes cut the same patches");
        assertArrayEquals(new long[] {7, 3, 4, 6}, passes[0].getFeatures(0).shape());
        assertArrayEquals(new long[] {7, 2, 4, 6}, passes[0].getFeatures(1).shape());
        assertArrayEquals(new long[] {7, 3}, passes[0].getLabels(0).shape());
        PatchCropper cropper = new PatchCropper(3, 8, 12);
        for (int i = 0; i < 7; i++) {
            Crop crop = cropper.draw(5, 0, i, i, PATCH, true);
            float[] pixels = new float[3 * 24];
            float[] places = new float[2 * 24];
            cropper.pixels(images.image(i), crop, PATCH, pixels, 0);
            cropper.positions(crop.top(), crop.left(), PATCH, places, 0);
            assertArrayEquals(
                    pixels, passes[0].getFeatures(0).slice(i).dup('c').data().asFloat());
            assertArrayEquals(
                    places, passes[0].getFeatures(1).slice(i).dup('c').data().asFloat());
        }
    }

    @Test
    void recordsAreFoundAgainByTheirMetadata() {
        DatasetRecordReader reader = DatasetRecordReader.ofPatches(dataset(), PATCH, 5, false);
        reader.next();
        org.datavec.api.records.Record record = reader.nextRecord();
        reader.next(10);
        assertFalse(reader.hasNext());
        assertThrows(NoSuchElementException.class, reader::next);
        assertEquals(
                record.getRecord(),
                reader.loadFromMetaData(record.getMetaData()).getRecord());
        assertThrows(
                IllegalArgumentException.class,
                () -> DatasetRecordReader.ofPatches(dataset(), new PatchSize(9, 2), 5, false));
    }

    @Test
    void aPipelineOfImageTransformsEndsWithAPatch() throws IOException {
        Path folder = classFolders(temp, BufferedImage.TYPE_INT_RGB);
        ImageTransform pipeline = new PipelineImageTransform(
                new ColorConversionTransform(opencv_imgproc.COLOR_BGR2RGB),
                new FlipImageTransform(1),
                new PatchImageTransform(new Random(3), 4, 6));
        RecordReaderDataSetIterator iterator =
                new RecordReaderDataSetIterator(reader(folder, 4, 6, 5, pipeline), 6, 1, 2);
        INDArray batch = iterator.next().getFeatures();
        assertArrayEquals(new long[] {6, 5, 4, 6}, batch.shape());
        // The order of the split is that of the files on the disk: find each patch by its place and its pixels.
        ImageDataset images = ImageDataset.open(folder);
        INDArray whole = Positions.whole(1, 8, 12);
        boolean[] found = new boolean[6];
        List<String> places = new ArrayList<>();
        for (int b = 0; b < 6; b++) {
            INDArray patch = batch.slice(b);
            int left = Math.round((patch.getFloat(3, 0, 0) + 1) * 11 / 2);
            int top = Math.round((patch.getFloat(4, 0, 0) + 1) * 7 / 2);
            places.add(left + "," + top);
            assertEquals(
                    part(whole.slice(0), top, left),
                    patch.get(NDArrayIndex.interval(3, 5), NDArrayIndex.all(), NDArrayIndex.all())
                            .dup('c'));
            for (int i = 0; i < 6; i++) {
                INDArray image = Nd4j.create(images.values(i), new long[] {3, 8, 12}, 'c');
                found[i] |= part(mirror(image), top, left)
                        .equals(patch.get(NDArrayIndex.interval(0, 3), NDArrayIndex.all(), NDArrayIndex.all())
                                .dup('c'));
            }
        }
        for (boolean one : found) {
            assertTrue(one, Arrays.toString(found));
        }
        assertTrue(places.stream().distinct().count() > 1, places.toString());
    }

    private static INDArray mirror(INDArray image) {
        INDArray mirrored = image.dup('c');
        long width = image.size(2);
        for (int x = 0; x < width; x++) {
            mirrored.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.point(x))
                    .assign(image.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.point(width - 1 - x)));
        }
        return mirrored;
    }

    private static INDArray part(INDArray image, int top, int left) {
        return image.get(NDArrayIndex.all(), NDArrayIndex.interval(top, top + 4), NDArrayIndex.interval(left, left + 6))
                .dup('c');
    }

    @Test
    void withoutAGeneratorThePatchIsThatInTheMiddle() throws IOException {
        PatchImageTransform transform = new PatchImageTransform(null, 4, 6);
        ImageRecordReader reader = reader(classFolders(temp, BufferedImage.TYPE_BYTE_GRAY), 4, 6, 3, transform);
        INDArray patch = ((NDArrayWritable) reader.next().get(0)).get();
        assertArrayEquals(new long[] {1, 3, 4, 6}, patch.shape());
        assertEquals((3 / 11f - 0.5f) * 2, patch.getFloat(0, 1, 0, 0));
        assertEquals((2 / 7f - 0.5f) * 2, patch.getFloat(0, 2, 0, 0));
        assertArrayEquals(new float[] {2, 3, -3, 0}, transform.query(5, 5, 0, 2));
        PatchImageTransform large = new PatchImageTransform(null, 16, 6);
        ImageRecordReader small = reader(classFolders(temp, BufferedImage.TYPE_BYTE_GRAY), 16, 6, 3, large);
        String message = assertThrows(RuntimeException.class, small::next).getMessage();
        assertTrue(message.contains("image of 12x8, expected at least the patch of 6x16"), message);
    }

    @Test
    void aTransformProcessCutsPatchesAndSurvivesJson() {
        Schema schema = new Schema.Builder()
                .addColumnNDArray("image", new long[] {1, 3, 8, 12})
                .addColumnInteger("class")
                .build();
        TransformProcess process = new TransformProcess.Builder(schema)
                .transform(new PatchTransform("image", 4, 6, PixelType.UINT8, 9))
                .renameColumn("class", "label")
                .build();
        assertEquals(
                List.of("image", "image.positions", "label"),
                process.getFinalSchema().getColumnNames());
        TransformProcess again = TransformProcess.fromJson(process.toJson());
        ImageDataset images = dataset();
        PatchCropper cropper = new PatchCropper(3, 8, 12);
        for (int i = 0; i < 7; i++) {
            byte[] image = images.image(i);
            float[] samples = new float[image.length];
            for (int j = 0; j < samples.length; j++) {
                samples[j] = image[j] & 255;
            }
            long[] shape = i % 2 == 0 ? new long[] {1, 3, 8, 12} : new long[] {3, 8, 12};
            List<Writable> record = List.of(new NDArrayWritable(Nd4j.create(samples, shape, 'c')), new IntWritable(i));
            List<Writable> patch = process.execute(record);
            assertEquals(patch, again.execute(record));
            Crop crop = cropper.draw(9, 0, i, 0, PATCH, false);
            float[] pixels = new float[3 * 24];
            float[] places = new float[2 * 24];
            cropper.pixels(image, crop, PATCH, pixels, 0);
            cropper.positions(crop.top(), crop.left(), PATCH, places, 0);
            assertEquals(3, patch.size());
            assertArrayEquals(
                    pixels, ((NDArrayWritable) patch.get(0)).get().data().asFloat());
            assertArrayEquals(
                    places, ((NDArrayWritable) patch.get(1)).get().data().asFloat());
            assertEquals(i, patch.get(2).toInt());
        }
        assertThrows(IllegalArgumentException.class, () -> process.execute(List.of(new Text("x"), new IntWritable(1))));
    }

    @Test
    void aTransformProcessWorksOverAReader() {
        Schema schema = new Schema.Builder()
                .addColumnNDArray("image", new long[] {1, 3, 8, 12})
                .addColumnInteger("class")
                .build();
        TransformProcess process = new TransformProcess.Builder(schema)
                .transform(new PatchTransform("image", 4, 6, PixelType.FLOAT32, 9))
                .build();
        TransformProcessRecordReader reader =
                new TransformProcessRecordReader(DatasetRecordReader.ofImages(dataset()), process);
        RecordReaderMultiDataSetIterator iterator = new RecordReaderMultiDataSetIterator.Builder(7)
                .addReader("patches", reader)
                .addInput("patches", 0, 1)
                .addOutputOneHot("patches", 2, 3)
                .build();
        MultiDataSet batch = iterator.next();
        // Columns 0 to 1 as one input: the coordinates become two more channels.
        assertArrayEquals(new long[] {7, 5, 4, 6}, batch.getFeatures(0).shape());
        assertTrue(batch.getFeatures(0).maxNumber().floatValue() <= 1);
    }
}
