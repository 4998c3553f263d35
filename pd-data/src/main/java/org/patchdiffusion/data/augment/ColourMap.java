package org.patchdiffusion.data.augment;

/** An affine map of colours: the new value of channel i is the sum over j of m[i][j]·old[j], plus m[i][3]. */
final class ColourMap {

    /** Channels of a colour. */
    static final int CHANNELS = 3;

    static final ColourMap IDENTITY = uniform(1, 0);

    private final double[][] m;

    private ColourMap(double[][] m) {
        this.m = m;
    }

    /** Multiplies each channel and adds to it. */
    static ColourMap uniform(double factor, double offset) {
        return new ColourMap(new double[][] {{factor, 0, 0, offset}, {0, factor, 0, offset}, {0, 0, factor, offset}});
    }

    /** Multiplies the luma, which is the part along (1, 1, 1), and the rest. */
    static ColourMap lumaAndChroma(double luma, double chroma) {
        double shared = (luma - chroma) / CHANNELS;
        double own = shared + chroma;
        return new ColourMap(
                new double[][] {{own, shared, shared, 0}, {shared, own, shared, 0}, {shared, shared, own, 0}});
    }

    /** Turns colours around the axis (1, 1, 1) by an angle in radians (Rodrigues' formula). */
    static ColourMap hue(double angle) {
        double shared = (1 - Math.cos(angle)) / CHANNELS;
        double own = shared + Math.cos(angle);
        double turn = Math.sin(angle) / Math.sqrt(CHANNELS);
        return new ColourMap(new double[][] {
            {own, shared - turn, shared + turn, 0},
            {shared + turn, own, shared - turn, 0},
            {shared - turn, shared + turn, own, 0}
        });
    }

    /** The map that applies {@code first}, then this. */
    ColourMap after(ColourMap first) {
        double[][] product = new double[CHANNELS][CHANNELS + 1];
        for (int i = 0; i < CHANNELS; i++) {
            product[i][CHANNELS] = m[i][CHANNELS];
            for (int j = 0; j <= CHANNELS; j++) {
                for (int k = 0; k < CHANNELS; k++) {
                    product[i][j] += m[i][k] * first.m[k][j];
                }
            }
        }
        return new ColourMap(product);
    }

    /**
     * Changes an image in place. A gray image is changed as the colour whose channels are all equal, and its new value is
     * the mean of the new channels.
     *
     * @param values holds [channels, area] from {@code at} on
     * @param channels 1 or 3
     */
    void apply(float[] values, int at, int channels, int area) {
        if (channels == 1) {
            applyToGray(values, at, area);
            return;
        }
        int green = at + area;
        int blue = green + area;
        for (int i = 0; i < area; i++) {
            double r = values[at + i];
            double g = values[green + i];
            double b = values[blue + i];
            values[at + i] = (float) (m[0][0] * r + m[0][1] * g + m[0][2] * b + m[0][3]);
            values[green + i] = (float) (m[1][0] * r + m[1][1] * g + m[1][2] * b + m[1][3]);
            values[blue + i] = (float) (m[2][0] * r + m[2][1] * g + m[2][2] * b + m[2][3]);
        }
    }

    private void applyToGray(float[] values, int at, int area) {
        double factor = 0;
        double offset = 0;
        for (double[] row : m) {
            factor += (row[0] + row[1] + row[2]) / CHANNELS;
            offset += row[CHANNELS] / CHANNELS;
        }
        for (int i = at; i < at + area; i++) {
            values[i] = (float) (factor * values[i] + offset);
        }
    }
}
