package org.patchdiffusion.model.precond;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The variance-exploding formulation of Song et al. 2021: noise levels uniform in their logarithm (Karras et al. 2022,
 * table 1, column "VE").
 *
 * @param sigmaMin lowest noise level
 * @param sigmaMax highest noise level
 */
public record VePreconditioning(double sigmaMin, double sigmaMax) implements Preconditioning {

    static final String NAME = "ve";

    public VePreconditioning {
        if (!(sigmaMin > 0 && sigmaMax > sigmaMin && Double.isFinite(sigmaMax))) {
            throw new IllegalArgumentException(
                    "ve preconditioning needs 0 < sigmaMin < sigmaMax, got " + sigmaMin + " and " + sigmaMax);
        }
    }

    /** The paper's settings: 0.02 to 100. */
    public static VePreconditioning standard() {
        return new VePreconditioning(0.02, 100);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public double cSkip(double sigma) {
        return 1;
    }

    @Override
    public double cOut(double sigma) {
        return sigma;
    }

    @Override
    public double cIn(double sigma) {
        return 1;
    }

    @Override
    public double cNoise(double sigma) {
        return Math.log(0.5 * sigma);
    }

    @Override
    public boolean drawsNormal() {
        return false;
    }

    @Override
    public NoiseLevel draw(double uniform) {
        double sigma = sigmaMin * Math.pow(sigmaMax / sigmaMin, uniform);
        return new NoiseLevel(sigma, 1 / (sigma * sigma));
    }

    @Override
    public Coefficients coefficients(SameDiff sd, SDVariable sigma, int batch) {
        SDVariable one = sd.constant("c_skip", Nd4j.ones(DataType.FLOAT, batch));
        SDVariable in = sd.constant("c_in", Nd4j.ones(DataType.FLOAT, batch));
        return new Coefficients(one, sigma, in, sd.math().log(sigma.mul(0.5)));
    }
}
