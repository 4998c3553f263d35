package org.patchdiffusion.eval;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Denoiser;

/** Shows a sampler's float64 state to a float32 denoiser, and counts how often. */
final class Float32Network implements AutoCloseable {
    private final Denoiser denoiser;
    private final INDArray labels;
    private final INDArray input;
    private final INDArray sigmas;
    private final INDArray denoised;
    private int evaluations;

    /**
     * Makes the buffers.
     *
     * @param shape {@code [N, C, H, W]}
     * @param labels class labels {@code [N, labelDim]}, or null
     */
    Float32Network(Denoiser denoiser, long[] shape, INDArray labels) {
        if (labels != null && labels.size(0) != shape[0]) {
            throw new IllegalArgumentException("got " + labels.size(0) + " class labels for " + shape[0]
                    + " images, expected one row of labels for each image");
        }
        this.denoiser = denoiser;
        this.labels = labels;
        this.input = Nd4j.create(DataType.FLOAT, shape);
        this.sigmas = Nd4j.create(DataType.FLOAT, shape[0]);
        this.denoised = Nd4j.create(DataType.DOUBLE, shape);
    }

    /** D(x; sigma), float64; valid until the next call. */
    INDArray denoise(INDArray x, double sigma) {
        input.assign(x);
        sigmas.assign(sigma);
        INDArray output = denoiser.denoise(input, sigmas, labels);
        if (!Arrays.equals(output.shape(), input.shape())) {
            throw new IllegalArgumentException("the denoiser returned shape " + Arrays.toString(output.shape())
                    + ", expected that of its input, " + Arrays.toString(input.shape()));
        }
        evaluations++;
        return denoised.assign(output);
    }

    int evaluations() {
        return evaluations;
    }

    @Override
    public void close() {
        input.close();
        sigmas.close();
        denoised.close();
    }
}
