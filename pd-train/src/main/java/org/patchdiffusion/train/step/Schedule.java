package org.patchdiffusion.train.step;

import org.patchdiffusion.train.config.TrainingConfig;

/**
 * What follows the image counter: the learning rate and the weight of the moving average. The rules are those of the
 * EDM code base (Karras et al. 2022, Appendix F.2), with the images of a patch step counted at their expected number.
 *
 * @param learningRate learning rate after the ramp-up, at least 0
 * @param rampupImages images over which the rate rises linearly from 0; 0 for no ramp-up
 * @param halflifeImages half-life of the moving average, in images
 * @param emaRampupRatio the half-life is at most this times the images counted so far; 0 for no such limit
 */
record Schedule(double learningRate, double rampupImages, double halflifeImages, double emaRampupRatio) {

    /** Keeps the exponent finite while the half-life is still zero. */
    private static final double SMALLEST_HALFLIFE = 1e-8;
    /** Forgives products such as 10 · 1.9 = 18.999999999999996 their rounding. */
    private static final double ROUNDING = 1e-9;

    static Schedule of(TrainingConfig config) {
        return new Schedule(
                config.optimizer().learningRate(),
                config.optimizer().lrRampupKimg() * 1000,
                config.ema().halflifeKimg() * 1000,
                config.ema().rampupRatio());
    }

    /** Learning rate of a step that starts at that count of images: exactly 0 at image 0 if there is a ramp-up. */
    double learningRateAt(long images) {
        return rampupImages > 0 ? learningRate * Math.min(images / rampupImages, 1) : learningRate;
    }

    /**
     * Weight of the old average in the new one, for a step that starts at that count of images and is expected to show
     * that many, not rounded.
     */
    double emaBetaAt(long images, double expectedImages) {
        double halflife = emaRampupRatio > 0 ? Math.min(halflifeImages, images * emaRampupRatio) : halflifeImages;
        return Math.pow(0.5, expectedImages / Math.max(halflife, SMALLEST_HALFLIFE));
    }

    /** By how many images a step moves the counter: the whole part of those that it is expected to show. */
    static long counted(double expectedImages) {
        return (long) (expectedImages + ROUNDING);
    }
}
