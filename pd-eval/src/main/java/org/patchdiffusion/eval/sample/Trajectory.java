package org.patchdiffusion.eval.sample;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Denoiser;

/**
 * One run of a sampler: the images on their way from noise, the noise levels ahead, and the denoiser to ask. The state is
 * float64, whatever the denoiser sees. Every array that it gives is freed with it.
 */
public final class Trajectory implements AutoCloseable {
    private final Denoiser denoiser;
    private final NoiseSchedule schedule;
    private final SampleRequest request;
    private final double[] levels;
    private final long[] shape;
    private final List<INDArray> owned = new ArrayList<>();
    private final INDArray x;
    private final INDArray input;
    private final INDArray sigmas;
    private final INDArray denoised;
    private final INDArray scratch;
    private final long started = System.nanoTime();
    private int evaluations;
    private long denoiserNanos;
    private boolean handedOver;

    /** Starts with the request's noise at the first level of the schedule. */
    Trajectory(Denoiser denoiser, NoiseSchedule schedule, SampleRequest request) {
        this.denoiser = denoiser;
        this.schedule = schedule;
        this.request = request;
        this.levels = schedule.levels(request.steps());
        this.shape = request.shape();
        this.x = Nd4j.create(DataType.DOUBLE, shape);
        this.input = own(Nd4j.create(denoiser.dataType(), shape));
        this.sigmas = own(Nd4j.create(denoiser.dataType(), shape[0]));
        this.denoised = newArray();
        this.scratch = newArray();
        request.latents().fill(0, x);
        x.muli(levels[0]);
    }

    /** Number of steps. */
    public int steps() {
        return levels.length - 1;
    }

    /** A noise level: that of step {@code i} before it, 0 to {@link #steps}; the last one is 0 as a rule. */
    public double level(int i) {
        return levels[i];
    }

    /** The noise level nearest to this one that the network supports. */
    public double supported(double sigma) {
        return schedule.supported(sigma);
    }

    /** The images, float64 {@code [N, C, H, W]}, to be changed in place. */
    public INDArray x() {
        return x;
    }

    /** An array of the images' type and shape for intermediate results, zero at first. */
    public INDArray newArray() {
        return own(Nd4j.create(DataType.DOUBLE, shape));
    }

    /**
     * D(x; sigma) of the images as they are.
     *
     * @return float64, not {@link #x} itself; valid until the next call, may be changed
     */
    public INDArray denoise(double sigma) {
        return denoise(x, sigma);
    }

    /**
     * D(image; sigma) of any images.
     *
     * @return float64, valid until the next call, may be changed
     * @throws IllegalArgumentException if the denoiser's answer has another shape than its input
     */
    public INDArray denoise(INDArray images, double sigma) {
        input.assign(images);
        sigmas.assign(sigma);
        long before = System.nanoTime();
        INDArray output = denoiser.denoise(input, sigmas, request.labels().orElse(null));
        denoiserNanos += System.nanoTime() - before;
        if (!Arrays.equals(output.shape(), shape)) {
            throw new IllegalArgumentException("the denoiser returned shape " + Arrays.toString(output.shape())
                    + ", expected that of its input, " + Arrays.toString(shape));
        }
        evaluations++;
        return denoised.assign(output);
    }

    /** {@code x = factor x + weight array}. */
    public void mix(double factor, double weight, INDArray array) {
        x.muli(factor);
        add(weight, array);
    }

    /** {@code x = x + weight array}. */
    public void add(double weight, INDArray array) {
        x.addi(array.mul(weight, scratch));
    }

    /** {@code target = target - weight array}. */
    void subtract(double weight, INDArray array, INDArray target) {
        target.subi(array.mul(weight, scratch));
    }

    /**
     * Adds the fresh noise of a step to the images.
     *
     * @param step the sampler's step, from 0
     * @param deviation standard deviation of the noise; nothing is drawn if it is 0
     */
    public void addNoise(int step, double deviation) {
        if (deviation > 0) {
            request.noise().fill(step, scratch);
            x.addi(scratch.muli(deviation));
        }
    }

    /**
     * Tells the listener that a step is done: the images are at {@code level(step + 1)}.
     *
     * @param step the step, from 0
     * @param estimate the latest estimate of the clean images
     */
    public void stepDone(int step, INDArray estimate) {
        request.listener().stepDone(step + 1, levels[step + 1], x, estimate);
    }

    private INDArray own(INDArray array) {
        owned.add(array);
        return array;
    }

    /** The images as they are, which the caller closes from now on. */
    Samples samples() {
        handedOver = true;
        return new Samples(x, evaluations, (System.nanoTime() - started) * 1e-9, denoiserNanos * 1e-9);
    }

    /** Frees every array but the images that were handed over. */
    @Override
    public void close() {
        owned.forEach(INDArray::close);
        if (!handedOver) {
            x.close();
        }
    }
}
