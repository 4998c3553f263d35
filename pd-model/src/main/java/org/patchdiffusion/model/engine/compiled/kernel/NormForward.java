package org.patchdiffusion.model.engine.compiled.kernel;

import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * The arithmetic of a fused group norm on a tensor in blocks of channels: an image's norm, embedding and adaptive scale come down to one
 * scale and one shift per channel, z = scale·x + shift.
 */
public final class NormForward {

    /**
     * What a run reads and writes.
     *
     * @param shift embedding; may be null
     * @param adaptive scales and offsets; may be null
     * @param statistics where to keep what the backward pass needs; null if there is none
     */
    public record Tensors(Floats x, Floats shift, Floats adaptive, Floats y, Floats statistics) {}

    private final Norm.Settings settings;
    private final NormVectors vectors;
    private final NormBlocks blocks;
    private final NormStatistics statistics;
    private final Tiles tiles;
    private final float[] embedding;

    /** Values in the middle of an image, around which sums are taken. */
    private final float[] centre;

    private final float[] middle;
    private final float[] last;

    /**
     * A kernel for images of one size.
     *
     * @param x the tensor in blocks of channels that is normalised
     */
    public NormForward(Norm.Settings settings, Value x, NormVectors vectors, Tiles tiles) {
        this.settings = settings;
        this.vectors = vectors;
        this.tiles = tiles;
        blocks = new NormBlocks(settings.groups(), x, tiles);
        statistics = new NormStatistics(blocks.physical());
        embedding = new float[vectors.channels()];
        centre = new float[blocks.physical()];
        middle = new float[blocks.physical()];
        last = new float[blocks.physical()];
    }

    /**
     * Normalises an image.
     *
     * @param at where the image begins in x and y, which may be the same memory
     */
    public void run(Tensors tensors, int image, long at) {
        if (tensors.shift() != null) {
            tensors.shift().get((long) image * embedding.length, embedding, 0, embedding.length);
        }
        vectors.readAdaptive(tensors.adaptive(), image);
        blocks.startImage();
        for (NormBlocks.Run run : blocks.runs()) {
            moments(tensors.x(), at, run);
            for (int group = run.firstGroup(); group < run.endGroup(); group++) {
                normalise(group);
            }
            apply(tensors, at, run);
        }
        if (tensors.statistics() != null) {
            statistics.write(tensors.statistics(), image);
        }
    }

    /** Sums of each channel and of its squares around a pixel that is no outlier, so that little cancels. */
    private void moments(Floats x, long image, NormBlocks.Run run) {
        for (int block = run.first(); block < run.end(); block += blocks.stretch()) {
            long start = image + blocks.start(block);
            int floats = blocks.floatsFrom(block);
            for (int at = 0; at < floats; at += blocks.blockFloats()) {
                findCentre(x, start + at, block + at / blocks.pixels());
            }
            blocks.spread(centre, block, tiles.c);
            blocks.startSums(floats);
            for (int i = 0; i < floats; i += blocks.tile()) {
                int n = Math.min(blocks.tile(), floats - i);
                x.get(start + i, tiles.x, 0, n);
                tiles.addCentred(n);
            }
            blocks.endSums(block);
        }
    }

    /** Of three pixels the one in the middle, for each channel of a block. */
    private void findCentre(Floats x, long start, int channel) {
        int lanes = blocks.lanes();
        int pixels = blocks.pixels();
        x.get(start, centre, channel, lanes);
        x.get(start + (long) (pixels / 2) * lanes, middle, channel, lanes);
        x.get(start + (long) (pixels - 1) * lanes, last, channel, lanes);
        for (int c = channel; c < channel + lanes; c++) {
            float low = Math.min(centre[c], middle[c]);
            float high = Math.max(centre[c], middle[c]);
            centre[c] = Math.max(low, Math.min(high, last[c]));
        }
    }

    private void normalise(int group) {
        int from = group * blocks.groupChannels();
        int to = from + blocks.groupChannels();
        int pixels = blocks.pixels();
        double total = 0;
        for (int c = from; c < to; c++) {
            total += blocks.sums[blocks.place(c)] + pixels * shiftedCentre(c);
        }
        double average = total / blocks.groupSize();
        double variance = 0;
        for (int c = from; c < to; c++) {
            double d = shiftedCentre(c) - average;
            int p = blocks.place(c);
            variance += blocks.products[p] + 2 * d * blocks.sums[p] + pixels * d * d;
        }
        double inverse = 1 / Math.sqrt(Math.max(0, variance / blocks.groupSize()) + settings.epsilon());
        for (int c = from; c < to; c++) {
            keep(c, average, inverse);
        }
    }

    /** Value around which a channel's sums were taken, embedding included. */
    private double shiftedCentre(int channel) {
        return (double) centre[blocks.place(channel)] + embedding[channel];
    }

    private void keep(int c, double average, double inverse) {
        int p = blocks.place(c);
        double adaptiveScale = vectors.adaptiveScale(c);
        double scale = vectors.gamma(c) * adaptiveScale * inverse;
        statistics.scale[p] = (float) scale;
        statistics.shift[p] = (float)
                (vectors.beta(c) * adaptiveScale + vectors.adaptiveOffset(c) + (embedding[c] - average) * scale);
        double mean = average - embedding[c];
        statistics.mean[p] = (float) mean;
        statistics.meanRest[p] = (float) (mean - statistics.mean[p]);
        statistics.sum[p] = (float) (blocks.sums[p] + blocks.pixels() * ((double) centre[p] - statistics.mean[p]));
        statistics.inverse[p] = (float) inverse;
    }

    private void apply(Tensors tensors, long image, NormBlocks.Run run) {
        for (int block = run.first(); block < run.end(); block += blocks.stretch()) {
            long start = image + blocks.start(block);
            int floats = blocks.floatsFrom(block);
            blocks.spread(statistics.scale, block, tiles.a);
            blocks.spread(statistics.shift, block, tiles.b);
            for (int i = 0; i < floats; i += blocks.tile()) {
                int n = Math.min(blocks.tile(), floats - i);
                tensors.x().get(start + i, tiles.x, 0, n);
                if (settings.silu()) {
                    tiles.affineSilu(n);
                } else {
                    Loops.affine(tiles.x, tiles.a, tiles.b, tiles.x, n);
                }
                tensors.y().put(start + i, tiles.x, 0, n);
            }
        }
    }
}
