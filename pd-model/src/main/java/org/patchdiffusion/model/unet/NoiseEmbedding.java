package org.patchdiffusion.model.unet;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.UNetConfig;

/**
 * Sines and cosines of the noise level.
 *
 * <p>POSITIONAL frequencies fall geometrically from 1 to 1/10000 (Vaswani et al. 2017); FOURIER frequencies are 2 pi times
 * normal random numbers of standard deviation 16 that are stored with the weights (Song et al. 2021).
 *
 * <p>Graph form: p = reshape(c_noise, [B, 1]) * frequencies [1, n/2]; concat(1, cos(p), sin(p)), or sine first.
 *
 * @param name name of the module, a prefix of its buffer
 * @param channels width of the embedding, even
 * @param kind choice of frequencies
 * @param endpoint whether the lowest positional frequency is exactly 1/10000
 * @param sineFirst whether the sines come before the cosines
 */
record NoiseEmbedding(String name, int channels, UNetConfig.Embedding kind, boolean endpoint, boolean sineFirst) {

    private static final double MAX_PERIOD = 10_000;
    private static final double FOURIER_SCALE = 16;

    void declare(ParameterSink sink) {
        if (kind == UNetConfig.Embedding.FOURIER) {
            sink.buffer(name + ".freqs", Init.normal(FOURIER_SCALE), channels / 2);
        }
    }

    /** Maps noise levels {@code [B]} to {@code [B, channels]}. */
    SDVariable apply(GraphContext g, SDVariable noise) {
        SameDiff sd = g.sd();
        SDVariable phase = sd.reshape(noise, g.batch(), 1).mul(frequencies(g));
        SDVariable cosine = sd.math().cos(phase);
        SDVariable sine = sd.math().sin(phase);
        return sineFirst ? sd.concat(1, sine, cosine) : sd.concat(1, cosine, sine);
    }

    private SDVariable frequencies(GraphContext g) {
        SameDiff sd = g.sd();
        int half = channels / 2;
        if (kind == UNetConfig.Embedding.FOURIER) {
            return sd.reshape(g.buffer(name + ".freqs"), 1, half).mul(2 * Math.PI);
        }
        INDArray values = Nd4j.create(DataType.FLOAT, 1, half);
        for (int i = 0; i < half; i++) {
            values.putScalar(i, Math.pow(MAX_PERIOD, -i / (half - (endpoint ? 1.0 : 0.0))));
        }
        return sd.constant(name + ".frequencies", values);
    }
}
