package org.patchdiffusion.eval.sample;

/**
 * How far to go from a weaker denoiser's estimate to the model's and beyond: {@code D_weak + weight (D - D_weak)}.
 *
 * @param weight 0 is the weaker denoiser, 1 the model as it is, above 1 exaggerates what the model knows better
 * @param interval noise levels at which it acts; elsewhere the model is left as it is
 */
public record Guidance(double weight, NoiseInterval interval) {

    /**
     * Checks the weight.
     *
     * @throws IllegalArgumentException if it is not finite
     */
    public Guidance {
        if (!Double.isFinite(weight)) {
            throw new IllegalArgumentException("guidance weight is " + weight + ", expected a finite number");
        }
    }

    /** Guidance at every noise level. */
    public static Guidance of(double weight) {
        return new Guidance(weight, NoiseInterval.ALL);
    }

    /** Whether a step at this noise level is changed at all. */
    boolean acts(double sigma) {
        return weight != 1 && interval.contains(sigma);
    }
}
