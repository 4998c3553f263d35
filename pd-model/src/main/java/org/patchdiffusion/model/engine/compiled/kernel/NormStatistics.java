package org.patchdiffusion.model.engine.compiled.kernel;

import org.patchdiffusion.model.engine.compiled.ir.Norm;

/**
 * What the forward pass of a group norm finds out about an image and its backward pass needs again: {@link Norm#ROWS} rows
 * with a number for each physical channel.
 */
final class NormStatistics {
    /** The norm as z = scale·x + shift. */
    final float[] scale;

    final float[] shift;

    /** Mean of the group, less the embedding; and what is missing to the exact one, which counts where it is large. */
    final float[] mean;

    final float[] meanRest;

    /** Sum of the channel around that mean. */
    final float[] sum;

    /** Inverse deviation of the group. */
    final float[] inverse;

    private final float[][] rows;

    NormStatistics(int physical) {
        rows = new float[Norm.ROWS][physical];
        scale = rows[0];
        shift = rows[1];
        mean = rows[2];
        meanRest = rows[3];
        sum = rows[4];
        inverse = rows[5];
    }

    void write(Floats target, int image) {
        for (int i = 0; i < rows.length; i++) {
            target.put(at(image, i), rows[i], 0, rows[i].length);
        }
    }

    void read(Floats source, int image) {
        for (int i = 0; i < rows.length; i++) {
            source.get(at(image, i), rows[i], 0, rows[i].length);
        }
    }

    private long at(int image, int row) {
        return ((long) image * rows.length + row) * scale.length;
    }
}
