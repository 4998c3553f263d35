package org.patchdiffusion.model.unet;

import java.util.random.RandomGenerator;

/**
 * Distribution of the initial values of one parameter.
 *
 * @param kind shape of the distribution
 * @param scale half-width of a uniform distribution, standard deviation of a normal one, or the constant itself
 */
public record Init(Kind kind, double scale) {

    /** Shape of a distribution around 0, or a constant. */
    public enum Kind {
        UNIFORM,
        NORMAL,
        CONSTANT
    }

    static Init uniform(double bound) {
        return new Init(Kind.UNIFORM, bound);
    }

    static Init normal(double standardDeviation) {
        return new Init(Kind.NORMAL, standardDeviation);
    }

    static Init constant(double value) {
        return new Init(Kind.CONSTANT, value);
    }

    /** One value per element, drawn in storage order. */
    public float[] values(int length, RandomGenerator random) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float)
                    switch (kind) {
                        case UNIFORM -> scale * (2 * random.nextDouble() - 1);
                        case NORMAL -> scale * random.nextGaussian();
                        case CONSTANT -> scale;
                    };
        }
        return values;
    }
}
