package org.patchdiffusion.eval.sample;

/**
 * A step that goes below its target and comes back with fresh noise, so that the variance is the target's.
 *
 * @param down the noise level to go down to
 * @param up standard deviation of the noise to add there: down^2 + up^2 = target^2
 */
record AncestralStep(double down, double up) {

    /**
     * The step from one noise level to another.
     *
     * @param eta 0 without noise, 1 for the posterior variance of the forward process (Ho et al. 2020)
     */
    static AncestralStep of(double level, double next, double eta) {
        double posterior = next * Math.sqrt((level - next) * (level + next)) / level;
        double up = Math.min(next, eta * posterior);
        return new AncestralStep(Math.sqrt((next - up) * (next + up)), up);
    }
}
