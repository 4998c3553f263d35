package org.patchdiffusion.model.engine.compiled.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.ChannelMap;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * The arithmetic of a fused group norm on a blocked tensor.
 *
 * <p>Forward, an image's norm, embedding and adaptive scale come down to one scale and one shift per channel:
 * z = scale·x + shift. Backward is the closed form in two passes: sums of dz and dz·(x − mean) over each channel, then
 * dx = scale·dz + b·x + c with b and c constant over a group.
 */
public final class NormKernel {

    /** Parameters of the norm: what it reads and where its gradient goes. */
    public record Vectors(float[] gamma, float[] beta, float[] gammaGradient, float[] betaGradient) {
        /** Rows for a number of channels. */
        public static Vectors of(int channels) {
            return new Vectors(new float[channels], new float[channels], new float[channels], new float[channels]);
        }
    }

    /**
     * The tensors of a forward run.
     *
     * @param shift embedding; may be null
     * @param adaptive scales and offsets; may be null
     * @param statistics where to keep what the backward pass needs; null if there is none
     */
    public record Forward(Floats x, Floats shift, Floats adaptive, Floats y, Floats statistics) {}

    /**
     * The tensors of a backward run.
     *
     * @param more what to add to the input's gradient; may be null
     * @param dShift gradient of the embedding; may be null
     * @param dAdaptive gradient of scales and offsets; may be null
     */
    public record Backward(
            Floats x,
            Floats adaptive,
            Floats statistics,
            Floats dy,
            Floats more,
            Floats dx,
            Floats dShift,
            Floats dAdaptive) {}

    /** Whole blocks of channels that hold whole groups: small enough to still be in the cache at the second pass. */
    private record Run(int first, int end, int firstGroup, int endGroup) {}

    private final Norm.Settings settings;
    private final Vectors vectors;
    private final List<Run> runs;
    private final int batch;
    private final Tiles tiles;
    private final int channels;
    private final int physical;
    private final int groupChannels;
    private final int pixels;
    private final int blockFloats;
    /** Blocks of small images share a tile. */
    private final int blocksInTile;

    private final int repeat;
    private final int[] place;
    private final float outputFactor;

    /** What the backward pass needs again of one image, {@link Norm#ROWS} rows: offsets of the rows follow. */
    private final float[] statistics;

    private final int scaleAt = 0;
    private final int shiftAt;
    private final int meanAt;
    private final int sumAt;
    private final int inverseAt;

    private final float[] embedding;
    private final float[] factor;
    private final float[] first;
    private final float[] middle;
    private final float[] last;
    private final float[] sums;
    private final float[] squares;
    private final float[] slope;
    private final float[] constant;
    private final float[] outputScale;
    private final float[] outputSlope;
    private final float[] outputConstant;
    private final float[] dVector;

    /**
     * A kernel for a share of the batch.
     *
     * @param x the blocked tensor that is normalised
     * @param outputFactor factor on the input's gradient, what is added to it included
     */
    public NormKernel(Norm.Settings settings, Value x, int batch, float outputFactor, Vectors vectors, Tiles tiles) {
        this.settings = settings;
        this.vectors = vectors;
        this.batch = batch;
        this.outputFactor = outputFactor;
        this.tiles = tiles;
        channels = x.channels();
        physical = x.map().physical();
        groupChannels = channels / settings.groups();
        pixels = x.pixels();
        blockFloats = Math.multiplyExact(pixels, tiles.lanes());
        blocksInTile = Math.max(1, Tiles.SIZE / blockFloats);
        repeat = Math.min(Tiles.SIZE, blockFloats);
        place = new int[channels];
        Arrays.setAll(place, x.map()::physical);
        runs = runs(x.map());
        statistics = new float[Norm.ROWS * physical];
        shiftAt = physical;
        meanAt = 2 * physical;
        sumAt = 3 * physical;
        inverseAt = 4 * physical;
        embedding = new float[channels];
        factor = new float[2 * channels];
        first = new float[physical];
        middle = new float[physical];
        last = new float[physical];
        sums = new float[physical];
        squares = new float[physical];
        slope = new float[physical];
        constant = new float[physical];
        outputScale = new float[physical];
        outputSlope = new float[physical];
        outputConstant = new float[physical];
        dVector = new float[2 * channels];
    }

    private List<Run> runs(ChannelMap map) {
        if (!map.isDense() || blocksInTile > 1) {
            return List.of(new Run(0, physical, 0, settings.groups()));
        }
        int step = groupChannels * tiles.lanes() / gcd(groupChannels, tiles.lanes());
        List<Run> found = new ArrayList<>();
        for (int first = 0; first < channels; first += step) {
            int end = Math.min(channels, first + step);
            found.add(new Run(first, end == channels ? physical : end, first / groupChannels, end / groupChannels));
        }
        return found;
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /** Normalises every image. */
    public void forward(Forward work) {
        for (int image = 0; image < batch; image++) {
            if (work.shift() != null) {
                work.shift().get((long) image * channels, embedding, 0, channels);
            }
            readFactor(work.adaptive(), image);
            Arrays.fill(sums, 0f);
            Arrays.fill(squares, 0f);
            for (Run run : runs) {
                moments(work.x(), image, run);
                for (int group = run.firstGroup(); group < run.endGroup(); group++) {
                    normalise(group);
                }
                apply(work, image, run);
            }
            if (work.statistics() != null) {
                work.statistics().put((long) image * statistics.length, statistics, 0, statistics.length);
            }
        }
    }

    private void readFactor(Floats adaptive, int image) {
        if (adaptive != null) {
            adaptive.get((long) image * factor.length, factor, 0, factor.length);
        }
    }

    /** Place of a block of channels of an image. */
    private long start(int image, int block) {
        return ((long) image * physical + block) * pixels;
    }

    /** Sums of each channel and of its squares around a pixel that is no outlier, so that little cancels. */
    private void moments(Floats x, int image, Run run) {
        for (int block = run.first(); block < run.end(); block += blocksInTile * tiles.lanes()) {
            long start = start(image, block);
            int floats = floatsFrom(block);
            for (int at = 0; at < floats; at += blockFloats) {
                centre(x, start + at, block + at / pixels);
            }
            spread(first, 0, block, tiles.c);
            tiles.startSums(Math.min(Tiles.SIZE, floats));
            for (int i = 0; i < floats; i += Tiles.SIZE) {
                int n = Math.min(Tiles.SIZE, floats - i);
                x.get(start + i, tiles.x, 0, n);
                tiles.addCentred(n);
            }
            endSums(block);
        }
    }

    /** Of three pixels the one in the middle, for each channel of a block. */
    private void centre(Floats x, long start, int channel) {
        int lanes = tiles.lanes();
        x.get(start, first, channel, lanes);
        x.get(start + (long) (pixels / 2) * lanes, middle, channel, lanes);
        x.get(start + (long) (pixels - 1) * lanes, last, channel, lanes);
        for (int c = channel; c < channel + lanes; c++) {
            float low = Math.min(first[c], middle[c]);
            float high = Math.max(first[c], middle[c]);
            first[c] = Math.max(low, Math.min(high, last[c]));
        }
    }

    /** Floats of an image that are worked on together, from a block of channels on. */
    private int floatsFrom(int block) {
        return (int) Math.min((long) blocksInTile * blockFloats, (long) (physical - block) * pixels);
    }

    /** Repeats a row over a tile for each block of channels in it. */
    private void spread(float[] rows, int row, int block, float[] tile) {
        int floats = floatsFrom(block);
        for (int at = 0; at < floats; at += blockFloats) {
            tiles.repeat(rows, row + block + at / pixels, tile, at, repeat);
        }
    }

    private void endSums(int block) {
        if (blocksInTile == 1) {
            tiles.endSums(repeat, sums, squares, block);
            return;
        }
        int floats = floatsFrom(block);
        for (int at = 0; at < floats; at += blockFloats) {
            tiles.endSums(at, blockFloats, sums, squares, block + at / pixels);
        }
    }

    private void normalise(int group) {
        int from = group * groupChannels;
        int to = from + groupChannels;
        double count = (double) groupChannels * pixels;
        double total = 0;
        for (int c = from; c < to; c++) {
            total += sums[place[c]] + pixels * centre(c);
        }
        double average = total / count;
        double variance = 0;
        for (int c = from; c < to; c++) {
            double d = centre(c) - average;
            variance += squares[place[c]] + 2 * d * sums[place[c]] + pixels * d * d;
        }
        double inv = 1 / Math.sqrt(Math.max(0, variance / count) + settings.epsilon());
        for (int c = from; c < to; c++) {
            double adaptiveScale = 1 + (double) factor[c];
            double effective = vectors.gamma()[c] * adaptiveScale;
            int p = place[c];
            statistics[scaleAt + p] = (float) (effective * inv);
            statistics[shiftAt + p] = (float) (vectors.beta()[c] * adaptiveScale
                    + factor[channels + c]
                    + (embedding[c] - average) * effective * inv);
            statistics[meanAt + p] = (float) (average - embedding[c]);
            statistics[sumAt + p] = (float) (sums[p] + pixels * (double) first[p]);
            statistics[inverseAt + p] = (float) inv;
        }
    }

    /** Value around which a channel's sums were taken, embedding included. */
    private double centre(int channel) {
        return (double) first[place[channel]] + embedding[channel];
    }

    private void apply(Forward work, int image, Run run) {
        for (int block = run.first(); block < run.end(); block += blocksInTile * tiles.lanes()) {
            long start = start(image, block);
            int floats = floatsFrom(block);
            spread(statistics, scaleAt, block, tiles.a);
            spread(statistics, shiftAt, block, tiles.b);
            for (int i = 0; i < floats; i += Tiles.SIZE) {
                int n = Math.min(Tiles.SIZE, floats - i);
                work.x().get(start + i, tiles.x, 0, n);
                if (settings.silu()) {
                    tiles.affineSilu(n);
                } else {
                    Loops.affine(tiles.x, tiles.a, tiles.b, tiles.x, n);
                }
                work.y().put(start + i, tiles.x, 0, n);
            }
        }
    }

    /** Computes all gradients; those of gamma and beta are left in the vectors. */
    public void backward(Backward work) {
        Arrays.fill(vectors.gammaGradient(), 0f);
        Arrays.fill(vectors.betaGradient(), 0f);
        for (int image = 0; image < batch; image++) {
            work.statistics().get((long) image * statistics.length, statistics, 0, statistics.length);
            readFactor(work.adaptive(), image);
            Arrays.fill(sums, 0f);
            Arrays.fill(squares, 0f);
            for (Run run : runs) {
                gradientSums(work, image, run);
                for (int group = run.firstGroup(); group < run.endGroup(); group++) {
                    coefficients(group);
                }
                inputGradient(work, image, run);
            }
            if (work.dShift() != null) {
                shiftGradient(work.dShift(), image);
            }
            if (work.dAdaptive() != null) {
                adaptiveGradient(work.dAdaptive(), image);
            }
        }
    }

    /** First pass: dz (kept in dx when there is a SiLU), its sums, and its sums times (x − mean). */
    private void gradientSums(Backward work, int image, Run run) {
        for (int block = run.first(); block < run.end(); block += blocksInTile * tiles.lanes()) {
            long start = start(image, block);
            int floats = floatsFrom(block);
            spread(statistics, scaleAt, block, tiles.a);
            spread(statistics, shiftAt, block, tiles.b);
            spread(statistics, meanAt, block, tiles.c);
            tiles.startSums(Math.min(Tiles.SIZE, floats));
            for (int i = 0; i < floats; i += Tiles.SIZE) {
                int n = Math.min(Tiles.SIZE, floats - i);
                work.x().get(start + i, tiles.x, 0, n);
                work.dy().get(start + i, tiles.y, 0, n);
                if (settings.silu()) {
                    tiles.affineSiluGradient(n);
                    work.dx().put(start + i, tiles.y, 0, n);
                }
                tiles.addGradient(n);
            }
            endSums(block);
        }
    }

    private void coefficients(int group) {
        int from = group * groupChannels;
        int to = from + groupChannels;
        double inv = statistics[inverseAt + place[from]];
        double count = (double) groupChannels * pixels;
        double s1 = 0;
        double s2 = 0;
        for (int c = from; c < to; c++) {
            double adaptiveScale = 1 + (double) factor[c];
            double a = sums[place[c]];
            double b = inv * squares[place[c]];
            vectors.gammaGradient()[c] += (float) (adaptiveScale * b);
            vectors.betaGradient()[c] += (float) (adaptiveScale * a);
            s1 += vectors.gamma()[c] * adaptiveScale * a;
            s2 += vectors.gamma()[c] * adaptiveScale * b;
        }
        double perValue = -inv * inv * s2 / count;
        for (int c = from; c < to; c++) {
            int p = place[c];
            slope[p] = (float) perValue;
            // x enters as x + embedding; mean is already free of the embedding.
            constant[p] = (float) (-inv * s1 / count - perValue * statistics[meanAt + p]);
            outputScale[p] = statistics[scaleAt + p] * outputFactor;
            outputSlope[p] = slope[p] * outputFactor;
            outputConstant[p] = constant[p] * outputFactor;
        }
    }

    /** The embedding's gradient is that of the input summed over the pixels. */
    private void shiftGradient(Floats target, int image) {
        for (int c = 0; c < channels; c++) {
            int p = place[c];
            dVector[c] = (float) (statistics[scaleAt + p] * (double) sums[p]
                    + (double) slope[p] * statistics[sumAt + p]
                    + pixels * (double) constant[p]);
        }
        target.put((long) image * channels, dVector, 0, channels);
    }

    private void adaptiveGradient(Floats target, int image) {
        for (int c = 0; c < channels; c++) {
            int p = place[c];
            double inv = statistics[inverseAt + p];
            dVector[c] = (float) (vectors.gamma()[c] * inv * squares[p] + (double) vectors.beta()[c] * sums[p]);
            dVector[channels + c] = sums[p];
        }
        target.put((long) image * 2 * channels, dVector, 0, 2 * channels);
    }

    private void inputGradient(Backward work, int image, Run run) {
        Floats dz = settings.silu() ? work.dx() : work.dy();
        for (int block = run.first(); block < run.end(); block += blocksInTile * tiles.lanes()) {
            long start = start(image, block);
            int floats = floatsFrom(block);
            spread(outputScale, 0, block, tiles.a);
            spread(outputSlope, 0, block, tiles.b);
            spread(outputConstant, 0, block, tiles.c);
            for (int i = 0; i < floats; i += Tiles.SIZE) {
                int n = Math.min(Tiles.SIZE, floats - i);
                work.x().get(start + i, tiles.x, 0, n);
                dz.get(start + i, tiles.y, 0, n);
                if (work.more() == null) {
                    tiles.combine(n);
                } else {
                    work.more().get(start + i, tiles.z, 0, n);
                    tiles.combineAdd(outputFactor, n);
                }
                work.dx().put(start + i, tiles.y, 0, n);
            }
        }
    }
}
