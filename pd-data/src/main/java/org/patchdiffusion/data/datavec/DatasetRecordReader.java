package org.patchdiffusion.data.datavec;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.datavec.api.conf.Configuration;
import org.datavec.api.records.Record;
import org.datavec.api.records.metadata.RecordMetaData;
import org.datavec.api.records.metadata.RecordMetaDataIndex;
import org.datavec.api.records.reader.BaseRecordReader;
import org.datavec.api.split.InputSplit;
import org.datavec.api.writable.IntWritable;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.Crop;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchCropper;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Positions;

/**
 * The images of a data set as DataVec records, in their order, for {@code RecordReaderDataSetIterator} and {@code
 * RecordReaderMultiDataSetIterator}: whole images, or a random patch of each with its coordinates. It reads the data set
 * that it is given and needs no {@code initialize}. Used by one thread at a time; the data set has another owner.
 */
public final class DatasetRecordReader extends BaseRecordReader {

    private static final long serialVersionUID = 1L;

    private final transient ImageDataset dataset;
    private final transient PatchCropper cropper;
    private final transient PatchSize patch;
    private final transient boolean positions;
    private final long seed;
    private final boolean flip;
    private long epoch;
    private int next;
    private transient Configuration configuration;

    private DatasetRecordReader(ImageDataset dataset, PatchSize patch, boolean positions, long seed, boolean flip) {
        this.dataset = dataset;
        this.cropper = new PatchCropper(dataset.channels(), dataset.height(), dataset.width());
        this.patch = patch;
        this.positions = positions;
        this.seed = seed;
        this.flip = flip;
    }

    /** Records of [image float32 [1, channels, height, width] as the network sees it], and its class if it has one. */
    public static DatasetRecordReader ofImages(ImageDataset dataset) {
        return new DatasetRecordReader(dataset, new PatchSize(dataset.height(), dataset.width()), false, 0, false);
    }

    /**
     * Records of [patch float32 [1, channels, h, w], coordinates float32 [1, 2, h, w]], and the class if the images have
     * one. Each pass over the data set, from {@link #reset} to reset, cuts other patches.
     *
     * @param patch size of the patches
     * @param seed with the number of the pass and of the image, decides where each patch is cut
     * @param flip whether to mirror each image left to right with probability 1/2
     * @throws IllegalArgumentException if the patches are larger than the images
     */
    public static DatasetRecordReader ofPatches(ImageDataset dataset, PatchSize patch, long seed, boolean flip) {
        DatasetRecordReader reader = new DatasetRecordReader(dataset, patch, true, seed, flip);
        reader.crop(0);
        return reader;
    }

    private Crop crop(int index) {
        return cropper.draw(seed, epoch, index, index, patch, flip);
    }

    @Override
    public boolean hasNext() {
        return next < dataset.size();
    }

    /** @throws NoSuchElementException after the last image */
    @Override
    public List<Writable> next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all " + dataset.size() + " records were read; reset the reader");
        }
        List<Writable> record = record(next++);
        invokeListeners(record);
        return record;
    }

    private List<Writable> record(int index) {
        Crop crop = crop(index);
        int area = patch.height() * patch.width();
        List<Writable> record = new ArrayList<>();
        float[] pixels = new float[dataset.channels() * area];
        cropper.cut(dataset.read(index), dataset.description().pixels(), crop, patch, pixels, 0);
        record.add(array(pixels, dataset.channels()));
        if (positions) {
            float[] places = new float[Positions.CHANNELS * area];
            cropper.positions(crop.top(), crop.left(), patch, places, 0);
            record.add(array(places, Positions.CHANNELS));
        }
        if (dataset.labelDim() > 0) {
            record.add(new IntWritable(dataset.label(index)));
        }
        return record;
    }

    private NDArrayWritable array(float[] values, int channels) {
        INDArray array = Nd4j.create(values, new long[] {1, channels, patch.height(), patch.width()}, 'c');
        return new NDArrayWritable(array);
    }

    /** Names of the classes. */
    @Override
    public List<String> getLabels() {
        return dataset.description().classes();
    }

    /** Starts over, with the patches of the next pass if any record was read. */
    @Override
    public void reset() {
        epoch += next > 0 ? 1 : 0;
        next = 0;
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    @Override
    public boolean batchesSupported() {
        return true;
    }

    @Override
    public List<List<Writable>> next(int number) {
        List<List<Writable>> records = new ArrayList<>();
        while (records.size() < number && hasNext()) {
            records.add(next());
        }
        return records;
    }

    @Override
    public Record nextRecord() {
        RecordMetaData place = new RecordMetaDataIndex(next, URI.create("data:" + next), DatasetRecordReader.class);
        return new org.datavec.api.records.impl.Record(next(), place);
    }

    /** The record of that place, as this pass cuts it. */
    @Override
    public Record loadFromMetaData(RecordMetaData place) {
        if (!(place instanceof RecordMetaDataIndex index)) {
            throw new IllegalArgumentException("this reader knows no record at " + place.getLocation());
        }
        return new org.datavec.api.records.impl.Record(record((int) index.getIndex()), place);
    }

    @Override
    public List<Record> loadFromMetaData(List<RecordMetaData> places) {
        return places.stream().map(this::loadFromMetaData).toList();
    }

    /** @throws UnsupportedOperationException always: the data set knows where its images are */
    @Override
    public List<Writable> record(URI uri, DataInputStream in) {
        throw new UnsupportedOperationException("this reader reads the data set " + dataset.name() + ", not streams");
    }

    /** Does nothing: the data set knows where its images are. */
    @Override
    public void initialize(InputSplit split) {
        inputSplit = split;
    }

    /** Does nothing: the data set knows where its images are. */
    @Override
    public void initialize(Configuration conf, InputSplit split) {
        configuration = conf;
        inputSplit = split;
    }

    @Override
    public void setConf(Configuration conf) {
        configuration = conf;
    }

    @Override
    public Configuration getConf() {
        return configuration;
    }

    private void writeObject(ObjectOutputStream out) throws NotSerializableException {
        throw new NotSerializableException("a DatasetRecordReader holds its images; build a new one");
    }

    /** Does nothing: the data set has another owner. */
    @Override
    public void close() throws IOException {
        next = dataset.size();
    }
}
