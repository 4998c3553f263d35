package org.patchdiffusion.data.datavec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.datavec.api.records.metadata.RecordMetaDataURI;
import org.datavec.api.records.reader.impl.collection.CollectionRecordReader;
import org.datavec.api.writable.DoubleWritable;
import org.datavec.api.writable.IntWritable;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Text;
import org.datavec.api.writable.Writable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PixelCache;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.data.ProgressListener;

/** DataVec's records as data sets. */
class RecordImagesTest {

    @TempDir
    Path temp;

    @Test
    void recordsOfAnImageReaderAreADataSet() throws IOException {
        Path folder = DataVecTest.classFolders(temp, BufferedImage.TYPE_INT_RGB);
        ImageDataset files = ImageDataset.open(folder);
        Map<Integer, Integer> seen = new LinkedHashMap<>();
        for (PixelCache cache : List.of(PixelCache.AUTO, PixelCache.NONE)) {
            ImageDataset images = RecordImages.of(DataVecTest.reader(folder, 8, 12, 3, null))
                    .name("folders")
                    .channelOrder(2, 1, 0)
                    .cache(cache)
                    .read();
            assertEquals(
                    "folders: 6 images of 12x8 with 3 channels, 2 classes, "
                            + (cache == PixelCache.AUTO ? "in memory" : "read from records on demand"),
                    images.toString());
            assertEquals(List.of("cat", "dog"), images.description().classes());
            for (int i = 0; i < 6; i++) {
                for (int j = 0; j < 6; j++) {
                    if (Arrays.equals(images.image(i), files.image(j))) {
                        seen.merge(j, 1, Integer::sum);
                        // The files come in the order of their paths: three cats, three dogs.
                        assertEquals(j / 3, images.label(i));
                    }
                }
            }
        }
        assertEquals(6, seen.size());
        assertTrue(seen.values().stream().allMatch(times -> times == 2), seen.toString());
        assertEquals(
                RecordImages.of(DataVecTest.reader(folder, 8, 12, 3, null))
                        .read()
                        .fingerprint(),
                RecordImages.of(DataVecTest.reader(folder, 8, 12, 3, null))
                        .cache(PixelCache.NONE)
                        .read()
                        .fingerprint());
        assertNotEquals(
                RecordImages.of(DataVecTest.reader(folder, 8, 12, 3, null))
                        .read()
                        .fingerprint(),
                RecordImages.of(DataVecTest.reader(folder, 8, 12, 3, null))
                        .channelOrder(2, 1, 0)
                        .read()
                        .fingerprint());
    }

    @Test
    void greyFilesAreReadAsWhatTheyAre() throws IOException {
        Path folder = DataVecTest.classFolders(temp, BufferedImage.TYPE_BYTE_GRAY);
        ImageDataset grey =
                RecordImages.of(DataVecTest.reader(folder, 8, 12, 0, null)).read();
        assertEquals(1, grey.channels());
        ImageDataset rgb =
                ImageDataset.open(folder, DatasetOptions.ALL.withCache(PixelCache.MEMORY), ProgressListener.NONE);
        byte[] first = Arrays.copyOf(rgb.image(0), 96);
        boolean found = false;
        for (int i = 0; i < 6; i++) {
            found |= Arrays.equals(first, grey.image(i));
        }
        assertTrue(found);
    }

    private static ImageDataset read(RecordImages settings) throws IOException {
        return settings.name("made").read();
    }

    private static RecordImages records(List<List<Writable>> records) {
        return RecordImages.of(new CollectionRecordReader(records) {
            @Override
            public org.datavec.api.records.Record nextRecord() {
                return new org.datavec.api.records.impl.Record(
                        next(), new RecordMetaDataURI(java.net.URI.create("made:0"), getClass()));
            }
        });
    }

    private static NDArrayWritable array(double value, long... shape) {
        return new NDArrayWritable(Nd4j.valueArrayOf(shape, value, org.nd4j.linalg.api.buffer.DataType.FLOAT));
    }

    @Test
    void valuesOfAnyChannelsStayAsTheyAre() throws IOException {
        ImageDataset latents = read(records(List.of(List.of(array(-3.5, 2, 4, 4)), List.of(array(7.25, 2, 4, 4))))
                .pixels(PixelType.FLOAT32)
                .channelOrder(1, 0, 1));
        assertEquals("made: 2 images of 4x4 with 3 channels of float32, in memory", latents.toString());
        assertEquals(7.25f, latents.values(1)[40]);
        assertEquals(1, read(records(List.of(List.of(array(7, 4, 4))))).channels());
    }

    @Test
    void recordsOfAnotherFormAreRefused() {
        List<List<List<Writable>>> bad = List.of(
                List.of(),
                List.of(List.of(new Text("x"))),
                List.of(List.of(array(1, 2, 3, 4, 4))),
                List.of(List.of(array(1, 3, 4, 4)), List.of(array(1, 3, 4, 5))),
                List.of(List.of(array(0.5, 3, 4, 4))),
                List.of(List.of(array(256, 3, 4, 4))),
                List.of(List.of(array(1, 3, 4, 4), new DoubleWritable(0.5))),
                List.of(List.of(array(1, 3, 4, 4), new IntWritable(0)), List.of(array(1, 3, 4, 4))));
        List<String> problems = List.of(
                "made: there are no records; initialize the reader with a split that holds images",
                "made: record 0 starts with Text, expected an array [channels, height, width]",
                "made: record 0 is an array of shape [2, 3, 4, 4], expected [channels, height, width]",
                "made: record 1 is an array of shape [3, 4, 5], expected [3, 4, 4] as the first one; let the reader scale"
                        + " them to one size",
                "made: record 0 holds 0.5, expected whole numbers from 0 to 255; ask for FLOAT32 pixels, which stay as they"
                        + " are",
                "made: record 0 holds 256.0, expected whole numbers from 0 to 255; ask for FLOAT32 pixels, which stay as"
                        + " they are",
                "made: record 0 ends with DoubleWritable 0.5, expected an image and the number of its class",
                "made: 1 of 2 records have a class; expected all or none");
        for (int i = 0; i < bad.size(); i++) {
            RecordImages records = records(bad.get(i));
            assertEquals(
                    problems.get(i),
                    assertThrows(IOException.class, () -> read(records)).getMessage());
        }
        assertEquals(
                "made: record 0 has no channel 3, only 0 to 2",
                assertThrows(
                                IOException.class,
                                () -> read(records(List.of(List.of(array(1, 3, 4, 4))))
                                        .channelOrder(3)))
                        .getMessage());
    }
}
