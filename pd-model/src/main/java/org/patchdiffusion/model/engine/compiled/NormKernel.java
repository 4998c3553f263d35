package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The arithmetic of a fused group norm on a blocked tensor.
 *
 * <p>Forward, an image's norm, embedding and adaptive scale come down to one scale and one shift per channel:
 * z = scale·x + shift. Backward is the closed form in two passes: sums of dz and dz·(x − mean) over each channel, then
 * dx = scale·dz + b·x + c with b and c constant over a group.
 */
final class NormKernel {

    record Forward(FloatBuffer x, FloatBuffer shift, FloatBuffer adaptive, FloatBuffer y) {}

    record Backward(
            FloatBuffer x,
            FloatBuffer dy,
            FloatBuffer old,
            FloatBuffer dx,
            FloatBuffer dShift,
            FloatBuffer dAdaptive) {}

    /** Whole blocks of channels that hold whole groups: small enough to still be in the cache at the second pass. */
    private record Run(int first, int end, int firstGroup, int endGroup) {}

    private final Node.Norm node;
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

    private final float[] gamma;
    private final float[] beta;
    private final float[] gammaGradient;
    private final float[] betaGradient;
    /** Per image and physical channel: what the backward pass needs again. */
    private final float[][] scale;

    private final float[][] shift;
    private final float[][] mean;
    private final double[][] sum;
    private final float[][] embedding;
    private final float[][] factor;
    private final double[][] inverse;

    private final float[] first;
    private final float[] sums;
    private final float[] squares;
    private final float[] slope;
    private final float[] constant;
    private final float[] outputScale;
    private final float[] outputSlope;
    private final float[] outputConstant;
    private final float[] dVector;
    private float outputFactor = 1;

    NormKernel(Node.Norm node, int batch, Tiles tiles) {
        this.node = node;
        this.batch = batch;
        this.tiles = tiles;
        Value x = node.x();
        channels = x.channels;
        physical = x.map().physical();
        groupChannels = channels / node.groups();
        pixels = x.pixels();
        blockFloats = pixels * tiles.lanes();
        blocksInTile = Math.max(1, Tiles.SIZE / blockFloats);
        repeat = Math.min(Tiles.SIZE, blockFloats);
        place = new int[channels];
        Arrays.setAll(place, x.map()::physical);
        runs = runs(x.map());
        gamma = new float[channels];
        beta = new float[channels];
        gammaGradient = new float[channels];
        betaGradient = new float[channels];
        scale = new float[batch][physical];
        shift = new float[batch][physical];
        mean = new float[batch][physical];
        sum = new double[batch][physical];
        embedding = new float[batch][channels];
        factor = new float[batch][2 * channels];
        inverse = new double[batch][node.groups()];
        first = new float[physical];
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
            return List.of(new Run(0, physical, 0, node.groups()));
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

    void readParameters(FloatBuffer parameters, int gammaAt, int betaAt) {
        parameters.get(gammaAt, gamma, 0, channels);
        parameters.get(betaAt, beta, 0, channels);
    }

    void writeGradients(FloatBuffer gradient, int gammaAt, int betaAt) {
        gradient.put(gammaAt, gammaGradient, 0, channels);
        gradient.put(betaAt, betaGradient, 0, channels);
    }

    /** Multiplies the input's gradient, the part that was there before included, by a factor. */
    void scaleOutput(float factor) {
        outputFactor *= factor;
    }

    void forward(Forward work) {
        for (int image = 0; image < batch; image++) {
            if (work.shift() != null) {
                work.shift().get(image * channels, embedding[image], 0, channels);
            }
            if (work.adaptive() != null) {
                work.adaptive().get(image * 2 * channels, factor[image], 0, 2 * channels);
            }
            Arrays.fill(sums, 0f);
            Arrays.fill(squares, 0f);
            for (Run run : runs) {
                moments(work.x(), image, run);
                for (int group = run.firstGroup(); group < run.endGroup(); group++) {
                    normalise(image, group);
                }
                apply(work, image, run);
            }
        }
    }

    /** Sums of each channel and of its squares, shifted by its first pixel so that nothing cancels. */
    private void moments(FloatBuffer x, int image, Run run) {
        for (int block = run.first(); block < run.end(); block += blocksInTile * tiles.lanes()) {
            int start = image * physical * pixels + block * pixels;
            int floats = floatsFrom(block);
            for (int at = 0; at < floats; at += blockFloats) {
                x.get(start + at, first, block + at / pixels, tiles.lanes());
            }
            spread(first, block, tiles.c);
            tiles.startSums(Math.min(Tiles.SIZE, floats));
            for (int i = 0; i < floats; i += Tiles.SIZE) {
                int n = Math.min(Tiles.SIZE, floats - i);
                x.get(start + i, tiles.x, 0, n);
                tiles.addCentred(n);
            }
            endSums(block);
        }
    }

    /** Floats of an image that are worked on together, from a block of channels on. */
    private int floatsFrom(int block) {
        return Math.min(blocksInTile * blockFloats, (physical - block) * pixels);
    }

    /** Repeats a row over a tile for each block of channels in it. */
    private void spread(float[] row, int block, float[] tile) {
        int floats = floatsFrom(block);
        for (int at = 0; at < floats; at += blockFloats) {
            tiles.repeat(row, block + at / pixels, tile, at, repeat);
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

    private void normalise(int image, int group) {
        int from = group * groupChannels;
        int to = from + groupChannels;
        double count = (double) groupChannels * pixels;
        double total = 0;
        for (int c = from; c < to; c++) {
            total += sums[place[c]] + pixels * centre(image, c);
        }
        double average = total / count;
        double variance = 0;
        for (int c = from; c < to; c++) {
            double d = centre(image, c) - average;
            variance += squares[place[c]] + 2 * d * sums[place[c]] + pixels * d * d;
        }
        double inv = 1 / Math.sqrt(variance / count + node.epsilon());
        inverse[image][group] = inv;
        for (int c = from; c < to; c++) {
            double adaptiveScale = 1 + (double) factor[image][c];
            double effective = gamma[c] * adaptiveScale;
            int p = place[c];
            scale[image][p] = (float) (effective * inv);
            shift[image][p] = (float) (beta[c] * adaptiveScale
                    + factor[image][channels + c]
                    + (embedding[image][c] - average) * effective * inv);
            mean[image][p] = (float) (average - embedding[image][c]);
            sum[image][p] = sums[p] + pixels * (double) first[p];
        }
    }

    /** Value around which a channel's sums were taken, embedding included. */
    private double centre(int image, int channel) {
        return (double) first[place[channel]] + embedding[image][channel];
    }

    private void apply(Forward work, int image, Run run) {
        for (int block = run.first(); block < run.end(); block += blocksInTile * tiles.lanes()) {
            int start = image * physical * pixels + block * pixels;
            int floats = floatsFrom(block);
            spread(scale[image], block, tiles.a);
            spread(shift[image], block, tiles.b);
            for (int i = 0; i < floats; i += Tiles.SIZE) {
                int n = Math.min(Tiles.SIZE, floats - i);
                work.x().get(start + i, tiles.x, 0, n);
                if (node.silu()) {
                    tiles.affineSilu(n);
                } else {
                    Loops.affine(tiles.x, tiles.a, tiles.b, tiles.x, n);
                }
                work.y().put(start + i, tiles.x, 0, n);
            }
        }
    }

    void backward(Backward work) {
        Arrays.fill(gammaGradient, 0f);
        Arrays.fill(betaGradient, 0f);
        for (int image = 0; image < batch; image++) {
            Arrays.fill(sums, 0f);
            Arrays.fill(squares, 0f);
            for (Run run : runs) {
                gradientSums(work, image, run);
                for (int group = run.firstGroup(); group < run.endGroup(); group++) {
                    coefficients(image, group);
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
            int start = image * physical * pixels + block * pixels;
            int floats = floatsFrom(block);
            spread(scale[image], block, tiles.a);
            spread(shift[image], block, tiles.b);
            spread(mean[image], block, tiles.c);
            tiles.startSums(Math.min(Tiles.SIZE, floats));
            for (int i = 0; i < floats; i += Tiles.SIZE) {
                int n = Math.min(Tiles.SIZE, floats - i);
                work.x().get(start + i, tiles.x, 0, n);
                work.dy().get(start + i, tiles.y, 0, n);
                if (node.silu()) {
                    tiles.affineSiluGradient(n);
                    work.dx().put(start + i, tiles.y, 0, n);
                }
                tiles.addGradient(n);
            }
            endSums(block);
        }
    }

    private void coefficients(int image, int group) {
        int from = group * groupChannels;
        int to = from + groupChannels;
        double inv = inverse[image][group];
        double count = (double) groupChannels * pixels;
        double s1 = 0;
        double s2 = 0;
        for (int c = from; c < to; c++) {
            double adaptiveScale = 1 + (double) factor[image][c];
            double a = sums[place[c]];
            double b = inv * squares[place[c]];
            gammaGradient[c] += (float) (adaptiveScale * b);
            betaGradient[c] += (float) (adaptiveScale * a);
            s1 += gamma[c] * adaptiveScale * a;
            s2 += gamma[c] * adaptiveScale * b;
        }
        double perValue = -inv * inv * s2 / count;
        for (int c = from; c < to; c++) {
            int p = place[c];
            slope[p] = (float) perValue;
            // x enters as x + embedding; mean is already free of the embedding.
            constant[p] = (float) (-inv * s1 / count - perValue * mean[image][p]);
            outputScale[p] = scale[image][p] * outputFactor;
            outputSlope[p] = slope[p] * outputFactor;
            outputConstant[p] = constant[p] * outputFactor;
        }
    }

    /** The embedding's gradient is that of the input summed over the pixels. */
    private void shiftGradient(FloatBuffer target, int image) {
        for (int c = 0; c < channels; c++) {
            int p = place[c];
            dVector[c] = (float) (scale[image][p] * (double) sums[p]
                    + (double) slope[p] * sum[image][p]
                    + pixels * (double) constant[p]);
        }
        target.put(image * channels, dVector, 0, channels);
    }

    private void adaptiveGradient(FloatBuffer target, int image) {
        for (int c = 0; c < channels; c++) {
            int p = place[c];
            double inv = inverse[image][c / groupChannels];
            dVector[c] = (float) (gamma[c] * inv * squares[p] + (double) beta[c] * sums[p]);
            dVector[channels + c] = sums[p];
        }
        target.put(image * 2 * channels, dVector, 0, 2 * channels);
    }

    private void inputGradient(Backward work, int image, Run run) {
        FloatBuffer dz = node.silu() ? work.dx() : work.dy();
        for (int block = run.first(); block < run.end(); block += blocksInTile * tiles.lanes()) {
            int start = image * physical * pixels + block * pixels;
            int floats = floatsFrom(block);
            spread(outputScale, block, tiles.a);
            spread(outputSlope, block, tiles.b);
            spread(outputConstant, block, tiles.c);
            for (int i = 0; i < floats; i += Tiles.SIZE) {
                int n = Math.min(Tiles.SIZE, floats - i);
                work.x().get(start + i, tiles.x, 0, n);
                dz.get(start + i, tiles.y, 0, n);
                if (work.old() == null) {
                    tiles.combine(n);
                } else {
                    work.old().get(start + i, tiles.z, 0, n);
                    tiles.combineAdd(outputFactor, n);
                }
                work.dx().put(start + i, tiles.y, 0, n);
            }
        }
    }
}
