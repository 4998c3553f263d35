package org.patchdiffusion.data.datavec;

import static org.bytedeco.opencv.global.opencv_core.CV_32FC;

import java.util.Random;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.javacpp.indexer.Indexer;
import org.bytedeco.javacpp.indexer.UByteIndexer;
import org.bytedeco.javacpp.indexer.UShortIndexer;
import org.bytedeco.javacv.OpenCVFrameConverter;
import org.bytedeco.opencv.opencv_core.Mat;
import org.datavec.image.data.ImageWritable;
import org.datavec.image.transform.BaseImageTransform;
import org.patchdiffusion.data.PatchCropper;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Positions;

/**
 * Crops a patch from an image and appends its two coordinate channels, for DataVec's image pipelines (Wang et al., arXiv
 * 2304.12526, section 3.2).
 *
 * <p>The result is a float32 image of the channels of the input in their order (DataVec reads colours as blue, green, red),
 * then x, then y, each coordinate scaled to [-1, 1] over the image that this transform is given. 8-bit samples become {@code
 * v / 127.5 - 1}, 16-bit ones {@code v / 32767.5 - 1}; values of float images stay as they are. Put it last in a pipeline,
 * and give the {@code ImageRecordReader} the size of the patch and two channels more than the images have: it scales and
 * converts what does not fit.
 */
public final class PatchImageTransform extends BaseImageTransform<Mat> {

    private static final float HALF_8_BIT = 127.5f;
    private static final float HALF_16_BIT = 32767.5f;

    private final PatchSize size;
    private int top;
    private int left;

    /**
     * Describes the patch.
     *
     * @param random draws the place if the pipeline brings no generator of its own; null, without such a one, takes the
     *     patch in the middle
     * @throws IllegalArgumentException if a side is not positive
     */
    public PatchImageTransform(Random random, int height, int width) {
        super(random);
        size = new PatchSize(height, width);
        converter = new OpenCVFrameConverter.ToMat();
    }

    /** @throws IllegalArgumentException if the image is smaller than the patch, or a side of it shorter than 2 */
    @Override
    protected ImageWritable doTransform(ImageWritable image, Random random) {
        if (image == null) {
            return null;
        }
        Mat mat = converter.convert(image.getFrame());
        int freeRows = mat.rows() - size.height();
        int freeColumns = mat.cols() - size.width();
        if (freeRows < 0 || freeColumns < 0) {
            throw new IllegalArgumentException("image of " + mat.cols() + "x" + mat.rows() + ", expected at least the"
                    + " patch of " + size + "; scale it up first");
        }
        top = random == null ? freeRows / 2 : random.nextInt(freeRows + 1);
        left = random == null ? freeColumns / 2 : random.nextInt(freeColumns + 1);
        return new ImageWritable(converter.convert(cut(mat)));
    }

    private Mat cut(Mat mat) {
        int channels = mat.channels();
        int area = size.height() * size.width();
        float[] places = new float[Positions.CHANNELS * area];
        new PatchCropper(channels, mat.rows(), mat.cols()).positions(top, left, size, places, 0);
        Mat patch = new Mat(size.height(), size.width(), CV_32FC(channels + Positions.CHANNELS));
        try (Indexer in = mat.createIndexer();
                FloatIndexer out = patch.createIndexer()) {
            for (int y = 0; y < size.height(); y++) {
                for (int x = 0; x < size.width(); x++) {
                    for (int c = 0; c < channels; c++) {
                        out.put(y, x, c, value(in, top + y, left + x, c));
                    }
                    for (int c = 0; c < Positions.CHANNELS; c++) {
                        out.put(y, x, channels + c, places[c * area + y * size.width() + x]);
                    }
                }
            }
        }
        return patch;
    }

    private static float value(Indexer image, int row, int column, int channel) {
        if (image instanceof UByteIndexer bytes) {
            return bytes.get(row, column, channel) / HALF_8_BIT - 1;
        }
        float value = (float) image.getDouble(row, column, channel);
        return image instanceof UShortIndexer ? value / HALF_16_BIT - 1 : value;
    }

    /** Where points of the last image lie in its patch. */
    @Override
    public float[] query(float... coordinates) {
        float[] moved = new float[coordinates.length];
        for (int i = 0; i < coordinates.length; i += 2) {
            moved[i] = coordinates[i] - left;
            moved[i + 1] = coordinates[i + 1] - top;
        }
        return moved;
    }

    @Override
    public String toString() {
        return "PatchImageTransform(" + size + ")";
    }
}
