package org.patchdiffusion.model.engine.compiled.kernel;

/** What a group norm multiplies and adds for each channel. */
public final class NormVectors {
    private final float[] gamma;
    private final float[] beta;

    /** Scales of an image, then its offsets. */
    private final float[] adaptive;

    /** Vectors for a number of channels, all 0. */
    public NormVectors(int channels) {
        gamma = new float[channels];
        beta = new float[channels];
        adaptive = new float[2 * channels];
    }

    /** Takes over the parameters, which start at these places. */
    public void readParameters(Floats parameters, long gammaAt, long betaAt) {
        parameters.get(gammaAt, gamma, 0, gamma.length);
        parameters.get(betaAt, beta, 0, beta.length);
    }

    /** Takes over an image's scales and offsets; {@code source} may be null. */
    void readAdaptive(Floats source, int image) {
        if (source != null) {
            source.get((long) image * adaptive.length, adaptive, 0, adaptive.length);
        }
    }

    int channels() {
        return gamma.length;
    }

    double gamma(int channel) {
        return gamma[channel];
    }

    double beta(int channel) {
        return beta[channel];
    }

    /** What a channel is multiplied with behind gamma and beta. */
    double adaptiveScale(int channel) {
        return 1 + (double) adaptive[channel];
    }

    /** What is added to a channel last. */
    float adaptiveOffset(int channel) {
        return adaptive[gamma.length + channel];
    }
}
