package org.patchdiffusion.model.precond;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * The preconditioning of EDM and Patch Diffusion: unit variance of the network's inputs and targets, log-normal noise
 * levels (Karras et al. 2022, table 1, column "Ours"; appendix B.6).
 *
 * @param pMean mean of ln(sigma) in training
 * @param pStd standard deviation of ln(sigma) in training
 * @param sigmaData standard deviation of the images
 */
public record EdmPreconditioning(double pMean, double pStd, double sigmaData) implements Preconditioning {

    static final String NAME = "edm";

    public EdmPreconditioning {
        if (!(pStd > 0 && sigmaData > 0 && Double.isFinite(pMean))) {
            throw new IllegalArgumentException("edm preconditioning needs a positive pStd and sigmaData, got pMean "
                    + pMean + ", pStd " + pStd + ", sigmaData " + sigmaData);
        }
    }

    /** The paper's settings: pMean -1.2, pStd 1.2, sigmaData 0.5. */
    public static EdmPreconditioning standard() {
        return new EdmPreconditioning(-1.2, 1.2, 0.5);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public double sigmaMin() {
        return 0;
    }

    @Override
    public double sigmaMax() {
        return Double.POSITIVE_INFINITY;
    }

    @Override
    public double cSkip(double sigma) {
        return sigmaData * sigmaData / (sigma * sigma + sigmaData * sigmaData);
    }

    @Override
    public double cOut(double sigma) {
        return sigma * sigmaData * cIn(sigma);
    }

    @Override
    public double cIn(double sigma) {
        return 1 / Math.sqrt(sigma * sigma + sigmaData * sigmaData);
    }

    @Override
    public double cNoise(double sigma) {
        return Math.log(sigma) / 4;
    }

    @Override
    public boolean drawsNormal() {
        return true;
    }

    @Override
    public NoiseLevel draw(double normal) {
        double sigma = Math.exp(normal * pStd + pMean);
        double product = sigma * sigmaData;
        return new NoiseLevel(sigma, (sigma * sigma + sigmaData * sigmaData) / (product * product));
    }

    @Override
    public Coefficients coefficients(SameDiff sd, SDVariable sigma, int batch) {
        SDVariable in = sd.math().rsqrt(sigma.mul(sigma).add(sigmaData * sigmaData));
        SDVariable skip = in.mul(in).mul(sigmaData * sigmaData);
        SDVariable out = sigma.mul(in).mul(sigmaData);
        SDVariable noise = sd.math().log(sigma).mul(0.25);
        return new Coefficients(skip, out, in, noise);
    }
}
