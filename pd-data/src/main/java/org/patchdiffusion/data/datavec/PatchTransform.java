package org.patchdiffusion.data.datavec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.datavec.api.transform.metadata.ColumnMetaData;
import org.datavec.api.transform.metadata.NDArrayMetaData;
import org.datavec.api.transform.schema.Schema;
import org.datavec.api.transform.transform.BaseTransform;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.shade.jackson.annotation.JsonAutoDetect;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonIgnoreProperties;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.patchdiffusion.data.Crop;
import org.patchdiffusion.data.PatchCropper;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.data.Positions;

/**
 * A step of a {@code TransformProcess}: replaces a column of images by random patches of them and adds the column {@code
 * NAME.positions} of their coordinates after it. Images are arrays [channels, height, width] or [1, channels, height,
 * width]; patches are float32 [1, channels, h, w], coordinates float32 [1, 2, h, w]. The n-th record that it maps is cut at a
 * place that depends on (seed, n) alone.
 */
@JsonIgnoreProperties({"inputSchema"})
@JsonAutoDetect(
        fieldVisibility = JsonAutoDetect.Visibility.NONE,
        getterVisibility = JsonAutoDetect.Visibility.NONE,
        isGetterVisibility = JsonAutoDetect.Visibility.NONE)
public final class PatchTransform extends BaseTransform {

    private static final long serialVersionUID = 1L;

    @JsonProperty("column")
    private final String column;

    @JsonProperty("height")
    private final int height;

    @JsonProperty("width")
    private final int width;

    @JsonProperty("pixels")
    private final PixelType pixels;

    @JsonProperty("seed")
    private final long seed;

    private final AtomicLong records = new AtomicLong();

    /**
     * Describes the patches.
     *
     * @param column name of the column of images
     * @param height rows of a patch
     * @param width columns of a patch
     * @param pixels what the images hold: samples 0 to 255, which become {@code v / 127.5 - 1}, or values that stay as they
     *     are
     * @param seed decides where patches are cut
     * @throws IllegalArgumentException if a side is not positive
     */
    @JsonCreator
    public PatchTransform(
            @JsonProperty("column") String column,
            @JsonProperty("height") int height,
            @JsonProperty("width") int width,
            @JsonProperty("pixels") PixelType pixels,
            @JsonProperty("seed") long seed) {
        new PatchSize(height, width);
        this.column = column;
        this.height = height;
        this.width = width;
        this.pixels = pixels;
        this.seed = seed;
    }

    @Override
    public Schema transform(Schema schema) {
        List<ColumnMetaData> columns = new ArrayList<>();
        for (ColumnMetaData old : schema.getColumnMetaData()) {
            if (old.getName().equals(column)) {
                long[] shape = old instanceof NDArrayMetaData images ? images.getShape() : new long[0];
                long channels = shape.length < 3 ? -1 : shape[shape.length - 3];
                columns.add(new NDArrayMetaData(column, new long[] {1, channels, height, width}));
                columns.add(new NDArrayMetaData(positionsColumn(), new long[] {1, Positions.CHANNELS, height, width}));
            } else {
                columns.add(old);
            }
        }
        return schema.newSchema(columns);
    }

    @Override
    public List<Writable> map(List<Writable> record) {
        int images = inputSchema.getIndexOfColumn(column);
        if (!(record.get(images) instanceof NDArrayWritable array)) {
            throw new IllegalArgumentException("column " + column + " holds "
                    + record.get(images).getClass().getSimpleName() + ", expected arrays [channels, height, width]");
        }
        List<Writable> out = new ArrayList<>(record.subList(0, images));
        out.addAll(patch(array.get()));
        out.addAll(record.subList(images + 1, record.size()));
        return out;
    }

    private List<Writable> patch(INDArray array) {
        INDArray image = array.rank() == 3 ? array.reshape(1, array.size(0), array.size(1), array.size(2)) : array;
        if (image.rank() != 4 || image.size(0) != 1) {
            throw new IllegalArgumentException("column " + column + " holds an array of shape "
                    + Arrays.toString(array.shape()) + ", expected [channels, height, width]");
        }
        PatchSize size = new PatchSize(height, width);
        PatchCropper cropper = new PatchCropper((int) image.size(1), (int) image.size(2), (int) image.size(3));
        Crop crop = cropper.draw(seed, 0, records.getAndIncrement(), 0, size, false);
        INDArray patch = image.get(
                        NDArrayIndex.all(),
                        NDArrayIndex.all(),
                        NDArrayIndex.interval(crop.top(), crop.top() + height),
                        NDArrayIndex.interval(crop.left(), crop.left() + width))
                .castTo(DataType.FLOAT)
                .dup('c');
        if (pixels == PixelType.UINT8) {
            patch.divi(127.5f).subi(1);
        }
        float[] positions = new float[Positions.CHANNELS * height * width];
        cropper.positions(crop.top(), crop.left(), size, positions, 0);
        return List.of(
                new NDArrayWritable(patch),
                new NDArrayWritable(Nd4j.create(positions, new long[] {1, Positions.CHANNELS, height, width}, 'c')));
    }

    /** @throws UnsupportedOperationException always: a patch is an array and its coordinates */
    @Override
    public Object map(Object input) {
        throw new UnsupportedOperationException("a patch comes with its coordinates; map whole records");
    }

    /** @throws UnsupportedOperationException always: a patch is an array and its coordinates */
    @Override
    public Object mapSequence(Object sequence) {
        throw new UnsupportedOperationException("a patch comes with its coordinates; map whole records");
    }

    private String positionsColumn() {
        return column + ".positions";
    }

    @Override
    public String outputColumnName() {
        return column;
    }

    @Override
    public String[] outputColumnNames() {
        return new String[] {column, positionsColumn()};
    }

    @Override
    public String[] columnNames() {
        return new String[] {column};
    }

    @Override
    public String columnName() {
        return column;
    }

    @Override
    public String toString() {
        return "PatchTransform(" + column + ", " + width + "x" + height + ")";
    }
}
