package org.patchdiffusion.examples.verify;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Denoiser;

/**
 * The exact denoiser of a mixture of isotropic Gaussians, in float64: D = (std^2 x + sigma^2 sum_k r_k mean_k) / (sigma^2 +
 * std^2), where r_k is the share of component k at x.
 *
 * @param means centre of each component {@code [K, length]}
 * @param weights share of each component
 * @param std standard deviation of every component
 */
record MixtureDenoiser(double[][] means, double[] weights, double std) implements Denoiser {

    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        INDArray result = x.dup('c');
        for (int n = 0; n < x.size(0); n++) {
            double[] image = Errors.doubles(x.slice(n));
            denoise(image, sigma.getDouble(0));
            try (INDArray denoised = Nd4j.createFromArray(image)) {
                result.slice(n).assign(denoised.reshape(result.slice(n).shape()));
            }
        }
        return result;
    }

    private void denoise(double[] x, double sigma) {
        double variance = sigma * sigma + std * std;
        double[] shares = shares(x, variance);
        for (int i = 0; i < x.length; i++) {
            double mean = 0;
            for (int k = 0; k < shares.length; k++) {
                mean += shares[k] * means[k][i];
            }
            x[i] = (std * std * x[i] + sigma * sigma * mean) / variance;
        }
    }

    private double[] shares(double[] x, double variance) {
        double[] shares = new double[weights.length];
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < shares.length; k++) {
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
        for (int k = 0; k < shares.length; k++) {
            shares[k] /= sum;
        }
        return shares;
    }

    @Override
    public DataType dataType() {
        return DataType.DOUBLE;
    }
}
