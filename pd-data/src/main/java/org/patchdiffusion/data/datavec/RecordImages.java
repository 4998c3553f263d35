package org.patchdiffusion.data.datavec;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.datavec.api.records.Record;
import org.datavec.api.records.metadata.RecordMetaData;
import org.datavec.api.records.reader.RecordReader;
import org.datavec.api.writable.IntWritable;
import org.datavec.api.writable.LongWritable;
import org.datavec.api.writable.Writable;
import org.patchdiffusion.data.DatasetDescription;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PixelCache;
import org.patchdiffusion.data.PixelType;

/**
 * Makes a data set of the records of any DataVec reader of images, {@code ImageRecordReader} for one. A record is an array
 * [channels, height, width], [1, channels, height, width] or [height, width], then, if there are classes, a whole number.
 * The reader has been initialized; every record is read once, from the first on.
 */
public final class RecordImages {

    /** Share of the heap that images fill before they are left to be read on demand. */
    private static final double HEAP_SHARE = 0.6;

    private final RecordReader reader;
    private String name = "records";
    private int[] channelOrder;
    private PixelType pixels = PixelType.UINT8;
    private PixelCache cache = PixelCache.AUTO;

    private RecordImages(RecordReader reader) {
        this.reader = reader;
    }

    /** Describes a data set of uint8 samples in the order of the reader's channels, in memory if they fit. */
    public static RecordImages of(RecordReader reader) {
        return new RecordImages(reader);
    }

    /** Name of the data set. */
    public RecordImages name(String value) {
        name = value;
        return this;
    }

    /**
     * The order of the channels, for each the number that it has in the records: 2, 1, 0 makes red, green, blue of what {@code
     * ImageRecordReader} reads. Channels may be left out or repeated.
     */
    public RecordImages channelOrder(int... channels) {
        channelOrder = channels.clone();
        return this;
    }

    /** What the arrays hold: samples 0 to 255, whatever their type, or values that the network sees as they are. */
    public RecordImages pixels(PixelType value) {
        pixels = value;
        return this;
    }

    /**
     * Where the images are kept: {@link PixelCache#MEMORY}, {@link PixelCache#NONE}, which reads a record again whenever it is
     * shown, by its metadata, or {@link PixelCache#AUTO}, the first if it has room.
     *
     * @throws IllegalArgumentException for {@link PixelCache#DISK}: records are no file that a cache could stand beside
     */
    public RecordImages cache(PixelCache place) {
        if (place == PixelCache.DISK) {
            throw new IllegalArgumentException(
                    "records cannot be kept in a cache on disk; keep them in memory or nowhere");
        }
        cache = place;
        return this;
    }

    /**
     * Reads the records.
     *
     * @throws IOException if there is none, one is not of the form above or differs from the first, or they do not fit the
     *     memory; the message names the record
     */
    public ImageDataset read() throws IOException {
        List<RecordMetaData> places = new ArrayList<>();
        List<byte[]> kept = cache == PixelCache.NONE ? null : new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        RecordForm form = null;
        while (reader.hasNext()) {
            Record record = reader.nextRecord();
            String where = name + ": record " + places.size();
            if (form == null) {
                form = RecordForm.of(where, record.getRecord(), channelOrder, pixels);
            }
            byte[] image = form.image(where, record.getRecord());
            labels.addAll(label(where, record.getRecord()));
            places.add(record.getMetaData());
            kept = keep(kept, image, places.size());
        }
        if (form == null) {
            throw new IOException(
                    name + ": there are no records; initialize the reader with a split that holds images");
        }
        return dataset(form, places, kept, labels);
    }

    /** Adds an image to those in memory, or lets go of them when they become too many. */
    private List<byte[]> keep(List<byte[]> kept, byte[] image, long count) throws IOException {
        if (kept == null) {
            return null;
        }
        if (count * image.length <= Runtime.getRuntime().maxMemory() * HEAP_SHARE) {
            kept.add(image);
            return kept;
        }
        if (cache == PixelCache.MEMORY) {
            throw new IOException(name + ": more than " + (count - 1)
                    + " images do not fit the memory; start java with a" + " larger -Xmx, or keep them nowhere");
        }
        return null;
    }

    private static List<Integer> label(String where, List<Writable> record) throws IOException {
        if (record.size() == 1) {
            return List.of();
        }
        Writable label = record.get(record.size() - 1);
        boolean whole = label instanceof IntWritable || label instanceof LongWritable;
        if (record.size() != 2 || !whole || label.toInt() < 0) {
            throw new IOException(where + " ends with " + label.getClass().getSimpleName() + " " + label
                    + ", expected an image and the number of its class");
        }
        return List.of(label.toInt());
    }

    private ImageDataset dataset(RecordForm form, List<RecordMetaData> places, List<byte[]> kept, List<Integer> labels)
            throws IOException {
        if (!labels.isEmpty() && labels.size() != places.size()) {
            throw new IOException(name + ": " + labels.size() + " of " + places.size()
                    + " records have a class; expected all or none");
        }
        int[] classOf = labels.isEmpty()
                ? null
                : labels.stream().mapToInt(Integer::intValue).toArray();
        List<String> names = classNames(classOf);
        if (kept != null) {
            List<byte[]> images = List.copyOf(kept);
            return pixels == PixelType.UINT8
                    ? ImageDataset.ofBytes(name, form.channels(), form.height(), form.width(), images, classOf, names)
                    : ImageDataset.ofFloats(
                            name,
                            form.channels(),
                            form.height(),
                            form.width(),
                            images.stream().map(RecordForm::floats).toList(),
                            classOf,
                            names);
        }
        DatasetDescription description = new DatasetDescription(
                name, places.size(), form.channels(), form.height(), form.width(), pixels, names, "");
        return ImageDataset.of(description, classOf, new RecordPixels(name, reader, places, form));
    }

    private List<String> classNames(int[] labels) {
        if (labels == null) {
            return List.of();
        }
        List<String> given = reader.getLabels() == null ? List.of() : reader.getLabels();
        int count = Math.max(given.size(), IntStream.of(labels).max().orElseThrow() + 1);
        return IntStream.range(0, count)
                .mapToObj(i -> i < given.size() ? given.get(i) : String.valueOf(i))
                .toList();
    }
}
