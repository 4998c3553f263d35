package org.patchdiffusion.model.unet;

/**
 * Initialisation of a convolution or dense layer as a function of its fan-in and fan-out.
 *
 * @param mode rule for the spread at gain 1
 * @param weightGain factor for the weights
 * @param biasGain factor for the biases
 */
record InitScheme(Mode mode, double weightGain, double biasGain) {

    enum Mode {
        /** Glorot and Bengio 2010: uniform within sqrt(6 / (fanIn + fanOut)). */
        XAVIER_UNIFORM,
        /** He et al. 2015: uniform within sqrt(3 / fanIn). */
        KAIMING_UNIFORM,
        /** He et al. 2015: normal of standard deviation sqrt(1 / fanIn). */
        KAIMING_NORMAL
    }

    static InitScheme xavier(double gain) {
        return new InitScheme(Mode.XAVIER_UNIFORM, gain, 0);
    }

    static InitScheme kaiming(double gain) {
        return new InitScheme(Mode.KAIMING_UNIFORM, gain, gain);
    }

    Init weight(long fanIn, long fanOut) {
        return init(weightGain, fanIn, fanOut);
    }

    Init bias(long fanIn, long fanOut) {
        return init(biasGain, fanIn, fanOut);
    }

    private Init init(double gain, long fanIn, long fanOut) {
        if (gain == 0) {
            return Init.constant(0);
        }
        return switch (mode) {
            case XAVIER_UNIFORM -> Init.uniform(gain * Math.sqrt(6.0 / (fanIn + fanOut)));
            case KAIMING_UNIFORM -> Init.uniform(gain * Math.sqrt(3.0 / fanIn));
            case KAIMING_NORMAL -> Init.normal(gain * Math.sqrt(1.0 / fanIn));
        };
    }
}
