package org.patchdiffusion.model.engine.compiled.kernel;

import java.util.Arrays;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * All gradients of a fused group norm, in closed form by two passes: sums of dz and dz·(x − mean) over each channel, then
 * dx = scale·dz + b·(x − mean) + c with b and c constant over a group. Without the mean, which may be large, b·x and c would
 * cancel, and their rounding, the same for all pixels, would add up in whatever sums over them.
 */
public final class NormBackward {

    /**
     * What a run reads and writes.
     *
     * @param adaptive scales and offsets; may be null
     * @param more what to add to the input's gradient; may be null
     * @param dShift gradient of the embedding; may be null
     * @param dAdaptive gradient of scales and offsets; may be null
     */
    public record Tensors(
            Floats x,
            Floats adaptive,
            Floats statistics,
            Floats dy,
            Floats more,
            Floats dx,
            Floats dShift,
            Floats dAdaptive) {}

    private final boolean silu;
    private final NormVectors vectors;
    private final NormBlocks blocks;
    private final NormStatistics statistics;
    private final float outputFactor;
    private final Tiles tiles;
    private final float[] gammaGradient;
    private final float[] betaGradient;

    /** b and c of each physical channel, and all three coefficients times the output factor. */
    private final float[] slope;

    private final float[] constant;
    private final float[] outputScale;
    private final float[] outputSlope;
    private final float[] outputConstant;
    private final float[] dVector;

    /**
     * A kernel for images of one size.
     *
     * @param x the tensor in blocks of channels that was normalised
     * @param outputFactor factor on the input's gradient, what is added to it included
     */
    public NormBackward(Norm.Settings settings, Value x, float outputFactor, NormVectors vectors, Tiles tiles) {
        this.silu = settings.silu();
        this.vectors = vectors;
        this.outputFactor = outputFactor;
        this.tiles = tiles;
        blocks = new NormBlocks(settings.groups(), x, tiles);
        int physical = blocks.physical();
        statistics = new NormStatistics(physical);
        gammaGradient = new float[vectors.channels()];
        betaGradient = new float[vectors.channels()];
        slope = new float[physical];
        constant = new float[physical];
        outputScale = new float[physical];
        outputSlope = new float[physical];
        outputConstant = new float[physical];
        dVector = new float[2 * vectors.channels()];
    }

    /** Gradient of gamma, after the images of a batch. */
    public float[] gammaGradient() {
        return gammaGradient;
    }

    /** Gradient of beta, after the images of a batch. */
    public float[] betaGradient() {
        return betaGradient;
    }

    /** Starts a batch. */
    public void start() {
        Arrays.fill(gammaGradient, 0f);
        Arrays.fill(betaGradient, 0f);
    }

    /**
     * Computes all gradients for an image, and adds to those of gamma and beta.
     *
     * @param at where the image begins in x, dy, more and dx; dx may be the memory of dy
     */
    public void run(Tensors tensors, int image, long at) {
        statistics.read(tensors.statistics(), image);
        vectors.readAdaptive(tensors.adaptive(), image);
        blocks.startImage();
        for (NormBlocks.Run run : blocks.runs()) {
            gradientSums(tensors, at, run);
            for (int group = run.firstGroup(); group < run.endGroup(); group++) {
                coefficients(group);
            }
            inputGradient(tensors, at, run);
        }
        if (tensors.dShift() != null) {
            shiftGradient(tensors.dShift(), image);
        }
        if (tensors.dAdaptive() != null) {
            adaptiveGradient(tensors.dAdaptive(), image);
        }
    }

    /** First pass: dz (kept in dx when there is a SiLU), its sums, and its sums times (x − rounded mean). */
    private void gradientSums(Tensors tensors, long image, NormBlocks.Run run) {
        for (int block = run.first(); block < run.end(); block += blocks.stretch()) {
            long start = image + blocks.start(block);
            int floats = blocks.floatsFrom(block);
            blocks.spread(statistics.scale, block, tiles.a);
            blocks.spread(statistics.shift, block, tiles.b);
            blocks.spread(statistics.mean, block, tiles.c);
            blocks.startSums(floats);
            for (int i = 0; i < floats; i += blocks.tile()) {
                int n = Math.min(blocks.tile(), floats - i);
                tensors.x().get(start + i, tiles.x, 0, n);
                tensors.dy().get(start + i, tiles.y, 0, n);
                if (silu) {
                    tiles.affineSiluGradient(n);
                    tensors.dx().put(start + i, tiles.y, 0, n);
                }
                tiles.addGradient(n);
            }
            blocks.endSums(block);
        }
    }

    private void coefficients(int group) {
        int from = group * blocks.groupChannels();
        int to = from + blocks.groupChannels();
        double inverse = statistics.inverse[blocks.place(from)];
        double s1 = 0;
        double s2 = 0;
        for (int c = from; c < to; c++) {
            int p = blocks.place(c);
            blocks.products[p] -= statistics.meanRest[p] * blocks.sums[p];
            double adaptiveScale = vectors.adaptiveScale(c);
            double a = blocks.sums[p];
            double b = inverse * blocks.products[p];
            gammaGradient[c] += (float) (adaptiveScale * b);
            betaGradient[c] += (float) (adaptiveScale * a);
            s1 += vectors.gamma(c) * adaptiveScale * a;
            s2 += vectors.gamma(c) * adaptiveScale * b;
        }
        double perValue = -inverse * inverse * s2 / blocks.groupSize();
        for (int c = from; c < to; c++) {
            int p = blocks.place(c);
            slope[p] = (float) perValue;
            constant[p] = (float) (-inverse * s1 / blocks.groupSize() - perValue * statistics.meanRest[p]);
            outputScale[p] = statistics.scale[p] * outputFactor;
            outputSlope[p] = slope[p] * outputFactor;
            outputConstant[p] = constant[p] * outputFactor;
        }
    }

    /** Second pass. */
    private void inputGradient(Tensors tensors, long image, NormBlocks.Run run) {
        Floats dz = silu ? tensors.dx() : tensors.dy();
        for (int block = run.first(); block < run.end(); block += blocks.stretch()) {
            long start = image + blocks.start(block);
            int floats = blocks.floatsFrom(block);
            blocks.spread(outputScale, block, tiles.a);
            blocks.spread(outputSlope, block, tiles.b);
            blocks.spread(outputConstant, block, tiles.c);
            blocks.spread(statistics.mean, block, tiles.d);
            for (int i = 0; i < floats; i += blocks.tile()) {
                int n = Math.min(blocks.tile(), floats - i);
                tensors.x().get(start + i, tiles.x, 0, n);
                dz.get(start + i, tiles.y, 0, n);
                if (tensors.more() == null) {
                    tiles.combine(n);
                } else {
                    tensors.more().get(start + i, tiles.z, 0, n);
                    tiles.combineAdd(outputFactor, n);
                }
                tensors.dx().put(start + i, tiles.y, 0, n);
            }
        }
    }

    /** The embedding's gradient is that of the input summed over the pixels. */
    private void shiftGradient(Floats target, int image) {
        int channels = vectors.channels();
        for (int c = 0; c < channels; c++) {
            int p = blocks.place(c);
            dVector[c] = (float) (statistics.scale[p] * (double) blocks.sums[p]
                    + (double) slope[p] * statistics.sum[p]
                    + blocks.pixels() * (double) constant[p]);
        }
        target.put((long) image * channels, dVector, 0, channels);
    }

    private void adaptiveGradient(Floats target, int image) {
        int channels = vectors.channels();
        for (int c = 0; c < channels; c++) {
            int p = blocks.place(c);
            double inverse = statistics.inverse[p];
            dVector[c] = (float) (vectors.gamma(c) * inverse * blocks.products[p] + vectors.beta(c) * blocks.sums[p]);
            dVector[channels + c] = blocks.sums[p];
        }
        target.put((long) image * 2 * channels, dVector, 0, 2 * channels);
    }
}
