package org.patchdiffusion.model.precond;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The variance-preserving formulation of Song et al. 2021, whose noise level at time t is
 * sigma(t) = sqrt(exp(betaD t^2 / 2 + betaMin t) - 1) (Karras et al. 2022, table 1, column "VP").
 *
 * @param betaD slope of the noise rate
 * @param betaMin noise rate at time 0
 * @param steps number of time steps that scale the network's noise input
 * @param epsilonT lowest time
 */
public record VpPreconditioning(double betaD, double betaMin, int steps, double epsilonT) implements Preconditioning {

    static final String NAME = "vp";

    public VpPreconditioning {
        if (!(betaD > 0 && betaMin > 0 && steps > 1 && epsilonT > 0 && epsilonT < 1)) {
            throw new IllegalArgumentException("vp preconditioning needs positive betaD and betaMin, steps above 1 and"
                    + " epsilonT in (0, 1), got " + betaD + ", " + betaMin + ", " + steps + ", " + epsilonT);
        }
    }

    /** The paper's settings: betaD 19.9, betaMin 0.1, 1000 steps, epsilonT 1e-5. */
    public static VpPreconditioning standard() {
        return new VpPreconditioning(19.9, 0.1, 1000, 1e-5);
    }

    @Override
    public String name() {
        return NAME;
    }

    /** Noise level at a time in [0, 1]. */
    public double sigma(double t) {
        return Math.sqrt(Math.expm1((0.5 * betaD * t + betaMin) * t));
    }

    /** Time at which a noise level is reached. */
    public double time(double sigma) {
        double log = Math.log1p(sigma * sigma);
        return 2 * log / (Math.sqrt(betaMin * betaMin + 2 * betaD * log) + betaMin);
    }

    // The published range is that of float32 arithmetic: exp(1e-6) - 1 is 2^-20 there, and sampling schedules depend on
    // it.
    private double sigmaInFloat32(double t) {
        float exponent = (float) ((0.5 * betaD * t + betaMin) * t);
        return (float) Math.sqrt((float) Math.exp(exponent) - 1f);
    }

    @Override
    public double sigmaMin() {
        return sigmaInFloat32(epsilonT);
    }

    @Override
    public double sigmaMax() {
        return sigmaInFloat32(1);
    }

    @Override
    public double cSkip(double sigma) {
        return 1;
    }

    @Override
    public double cOut(double sigma) {
        return -sigma;
    }

    @Override
    public double cIn(double sigma) {
        return 1 / Math.sqrt(sigma * sigma + 1);
    }

    @Override
    public double cNoise(double sigma) {
        return (steps - 1) * time(sigma);
    }

    @Override
    public boolean drawsNormal() {
        return false;
    }

    @Override
    public NoiseLevel draw(double uniform) {
        double sigma = sigma(1 + uniform * (epsilonT - 1));
        return new NoiseLevel(sigma, 1 / (sigma * sigma));
    }

    @Override
    public Coefficients coefficients(SameDiff sd, SDVariable sigma, int batch) {
        SDVariable square = sigma.mul(sigma);
        // ln(1 + s) = ln(w) s / (w - 1) with w = 1 + s as rounded (Kahan), because ND4J's log1p and asinh lose the
        // digits
        // of a small s. The 1e-30 only matters where w rounds to 1.
        SDVariable w = square.add(1.0);
        SDVariable log = sd.math().log(w).mul(square).div(w.sub(1.0).add(1e-30));
        SDVariable root = sd.math().sqrt(log.mul(2 * betaD).add(betaMin * betaMin));
        SDVariable time = log.mul(2.0).div(root.add(betaMin));
        SDVariable skip = sd.constant("c_skip", Nd4j.ones(DataType.FLOAT, batch));
        return new Coefficients(skip, sigma.mul(-1.0), sd.math().rsqrt(w), time.mul(steps - 1.0));
    }
}
