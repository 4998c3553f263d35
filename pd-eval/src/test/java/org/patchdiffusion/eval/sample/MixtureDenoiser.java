package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Denoiser;

/**
 * The exact denoiser of a mixture of isotropic Gaussians, in float64.
 *
 * @param means centre of each component, flat
 * @param weights share of each component
 * @param std standard deviation of every component
 */
record MixtureDenoiser(double[][] means, double[] weights, double std) implements Denoiser {

    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        double s = sigma.getDouble(0);
        INDArray result = x.dup('c');
        for (int n = 0; n < x.size(0); n++) {
            INDArray image = result.slice(n);
            double[] denoised = denoise(image.dup('c').data().asDouble(), s);
            image.assign(Nd4j.createFromArray(denoised).reshape(image.shape()));
        }
        return result;
    }

    /** D(x; sigma) of one image. */
    double[] denoise(double[] x, double sigma) {
        double variance = sigma * sigma + std * std;
        double[] shares = new double[weights.length];
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < weights.length; k++) {
            double square = 0;
            for (int i = 0; i < x.length; i++) {
                square += (x[i] - means[k][i]) * (x[i] - means[k][i]);
            }
            shares[k] = Math.log(weights[k]) - square / (2 * variance);
            largest = Math.max(largest, shares[k]);
        }
        double sum = 0;
        for (int k = 0; k < shares.length; k++) {
            shares[k] = Math.exp(shares[k] - largest);
            sum += shares[k];
        }
        double[] denoised = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double mean = 0;
            for (int k = 0; k < shares.length; k++) {
                mean += shares[k] / sum * means[k][i];
            }
            denoised[i] = (std * std * x[i] + sigma * sigma * mean) / variance;
        }
        return denoised;
    }

    @Override
    public DataType dataType() {
        return DataType.DOUBLE;
    }
}
