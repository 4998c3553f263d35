package org.patchdiffusion.eval;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Positions;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.model.Denoiser;
import org.patchdiffusion.model.precond.NoiseLevel;

/**
 * The training loss of given images at a given noise level, weight · (D(y + n; sigma) - y)² averaged over the elements
 * (Karras et al. 2022, eq. 8). The noise is a function of (seed, level, image), so that two measurements differ only by the
 * model: the curve of a model in training is smooth, where its training loss is not.
 */
public final class DenoisingLoss {

    /** Images that are prepared at a time. */
    private static final int CHUNK = 8;

    private final ImageDataset images;
    private final int count;
    private final PatchSize patch;
    private final boolean conditional;
    private final long seed;

    /**
     * Measures the first images of a data set.
     *
     * @param count how many of them; at most as many as there are
     * @param patch the part in the middle of each image that is measured, the whole image as a rule
     * @param conditional whether the model is told the classes of the images
     * @param seed decides the noise
     * @throws IllegalArgumentException if the count is not positive, or the patch is larger than the images
     */
    public DenoisingLoss(ImageDataset images, int count, PatchSize patch, boolean conditional, long seed) {
        if (count < 1) {
            throw new IllegalArgumentException("loss of " + count + " images, expected at least 1");
        }
        if (patch.height() > images.height() || patch.width() > images.width()) {
            throw new IllegalArgumentException("loss of patches of " + patch + ", expected at most the images' size, "
                    + images.width() + "x" + images.height());
        }
        this.images = images;
        this.count = Math.min(count, images.size());
        this.patch = patch;
        this.conditional = conditional;
        this.seed = seed;
    }

    /** How many images are measured. */
    public int count() {
        return count;
    }

    private int top() {
        return (images.height() - patch.height()) / 2;
    }

    private int left() {
        return (images.width() - patch.width()) / 2;
    }

    /** The coordinates that the denoiser must be made with, float32 {@code [1, 2, height, width]}; the caller closes them. */
    public INDArray positions() {
        try (INDArray whole = Positions.whole(1, images.height(), images.width())) {
            return whole.get(
                            NDArrayIndex.all(),
                            NDArrayIndex.all(),
                            NDArrayIndex.interval(top(), top() + patch.height()),
                            NDArrayIndex.interval(left(), left() + patch.width()))
                    .dup('c');
        }
    }

    /**
     * The loss of each image.
     *
     * @param denoiser denoises images of the patch's size at {@link #positions}
     * @param level standard deviation of the noise and weight of the error
     * @param index number of the level, which its noise follows from; 0 or more
     * @return loss an element of each image, {@code [count]}
     */
    public double[] of(Denoiser denoiser, NoiseLevel level, int index) {
        double[] losses = new double[count];
        for (int from = 0; from < count; from += CHUNK) {
            measure(denoiser, level, index, from, Math.min(count, from + CHUNK), losses);
        }
        return losses;
    }

    private void measure(Denoiser denoiser, NoiseLevel level, int index, int from, int to, double[] losses) {
        int n = to - from;
        int length = images.channels() * patch.height() * patch.width();
        float[] clean = new float[n * length];
        float[] noisy = new float[n * length];
        float[] noise = new float[images.channels() * images.height() * images.width()];
        for (int i = 0; i < n; i++) {
            crop(images.values(from + i), clean, i * length);
            RandomStream.of(seed, Purpose.VALIDATION, index, from + i).fillGaussian(noise);
            crop(noise, noisy, i * length);
        }
        for (int k = 0; k < noisy.length; k++) {
            noisy[k] = (float) (clean[k] + level.sigma() * noisy[k]);
        }
        float[] denoised;
        try (INDArray x = Nd4j.create(noisy, new long[] {n, images.channels(), patch.height(), patch.width()}, 'c');
                INDArray sigma = Nd4j.valueArrayOf(new long[] {n}, (float) level.sigma(), DataType.FLOAT);
                INDArray labels = labels(from, n)) {
            denoised = denoiser.denoise(x, sigma, conditional ? labels : null)
                    .dup('c')
                    .data()
                    .asFloat();
        }
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int k = i * length; k < (i + 1) * length; k++) {
                double error = denoised[k] - clean[k];
                sum += error * error;
            }
            losses[from + i] = level.weight() * sum / length;
        }
    }

    private void crop(float[] image, float[] out, int offset) {
        int to = offset;
        for (int c = 0; c < images.channels(); c++) {
            for (int y = top(); y < top() + patch.height(); y++) {
                int row = (c * images.height() + y) * images.width() + left();
                System.arraycopy(image, row, out, to, patch.width());
                to += patch.width();
            }
        }
    }

    /** One-hot classes; of no use without them, but never null, so that they can be closed. */
    private INDArray labels(int from, int n) {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, n, Math.max(1, images.labelDim()));
        for (int i = 0; conditional && i < n; i++) {
            labels.putScalar(i, images.label(from + i), 1);
        }
        return labels;
    }
}
