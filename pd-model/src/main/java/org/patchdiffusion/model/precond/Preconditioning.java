package org.patchdiffusion.model.precond;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.random.RandomGenerator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * How a network F becomes a denoiser, D(x; sigma) = c_skip x + c_out F(c_in x; c_noise), and at which noise levels it is
 * trained with which weight (Karras et al. 2022, arXiv 2206.00364, eq. 7 and table 1).
 *
 * <p>With the two position channels among the network's inputs, every preconditioning can be trained by patches.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "name")
@JsonSubTypes({
    @JsonSubTypes.Type(value = EdmPreconditioning.class, name = EdmPreconditioning.NAME),
    @JsonSubTypes.Type(value = VpPreconditioning.class, name = VpPreconditioning.NAME),
    @JsonSubTypes.Type(value = VePreconditioning.class, name = VePreconditioning.NAME),
    @JsonSubTypes.Type(value = IddpmPreconditioning.class, name = IddpmPreconditioning.NAME)
})
public sealed interface Preconditioning
        permits EdmPreconditioning, VpPreconditioning, VePreconditioning, IddpmPreconditioning {

    /** The official short name: {@code edm}, {@code vp}, {@code ve} or {@code iddpm}. */
    String name();

    /** The lowest noise level that the denoiser supports. */
    double sigmaMin();

    /** The highest noise level that the denoiser supports; may be infinite. */
    double sigmaMax();

    /** Factor of the noisy image in the denoiser's output. */
    double cSkip(double sigma);

    /** Factor of the network's output in the denoiser's output. */
    double cOut(double sigma);

    /** Factor of the noisy image in the network's input. */
    double cIn(double sigma);

    /** What the network is told about the noise level. */
    double cNoise(double sigma);

    /** The supported noise level nearest to this one. */
    default double roundSigma(double sigma) {
        return sigma;
    }

    /** Whether {@link #draw(double)} expects a standard normal number; a uniform one in [0, 1) otherwise. */
    boolean drawsNormal();

    /**
     * The noise level and loss weight of a training image.
     *
     * @param random standard normal if {@link #drawsNormal}, else uniform in [0, 1)
     */
    NoiseLevel draw(double random);

    /** Draws the noise level of a training image with one number of the generator. */
    default NoiseLevel draw(RandomGenerator random) {
        return draw(drawsNormal() ? random.nextGaussian() : random.nextDouble());
    }

    /**
     * The coefficients as part of a graph, made of standard ops in float32.
     *
     * @param sigma noise levels {@code [batch]}
     */
    Coefficients coefficients(SameDiff sd, SDVariable sigma, int batch);

    /** Whether a network with this many outputs fits images of so many channels; the first ones are the image. */
    default boolean acceptsOutputs(int outChannels, int imageChannels) {
        return outChannels == imageChannels;
    }

    /**
     * The preconditioning of an official name, with the official settings; {@code pedm}, the official name for EDM with
     * position channels, is {@code edm} here.
     *
     * @throws IllegalArgumentException if the name is unknown
     */
    static Preconditioning byName(String name) {
        return switch (name) {
            case EdmPreconditioning.NAME, "pedm" -> EdmPreconditioning.standard();
            case VpPreconditioning.NAME -> VpPreconditioning.standard();
            case VePreconditioning.NAME -> VePreconditioning.standard();
            case IddpmPreconditioning.NAME -> IddpmPreconditioning.standard();
            default -> throw new IllegalArgumentException(
                    "unknown preconditioning \"" + name + "\": expected one of pedm, edm, vp, ve, iddpm");
        };
    }
}
