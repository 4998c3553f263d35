package org.patchdiffusion.eval.sample;

/** The settings that stochastic samplers share. */
final class Stochasticity {

    private Stochasticity() {}

    static void require(double eta, double sNoise) {
        Settings.require(eta >= 0 && eta <= 1, "eta", eta, "a share from 0 (no fresh noise) to 1");
        Settings.require(
                sNoise >= 0 && sNoise < Double.POSITIVE_INFINITY,
                "sNoise",
                sNoise,
                "0 or a positive factor (1 is the exact noise)");
    }
}
