package org.patchdiffusion.eval.sample;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.Denoiser;

/**
 * Guides a denoiser by a weaker one, D_weak + w (D - D_weak): autoguidance (Karras et al. 2024, arXiv 2406.02507) if that is an
 * earlier or smaller model, sliding-window guidance (Kaiser et al. 2024, arXiv 2411.10257) if it is {@link TiledDenoiser}. Where
 * guidance does not act, the weaker denoiser is not asked.
 *
 * <p>All images of a call have one noise level. The two denoisers stay the caller's; closing frees the result only.
 *
 * @see ClassifierFreeDenoiser
 */
public final class GuidedDenoiser implements Denoiser, AutoCloseable {
    private final Denoiser model;
    private final Denoiser weaker;
    private final Guidance guidance;
    private final KeptArray result = new KeptArray();
    private final KeptArray scratch = new KeptArray();

    /**
     * Guides a model.
     *
     * @param model the denoiser to trust
     * @param weaker the denoiser to go away from; takes the same images and labels
     */
    public GuidedDenoiser(Denoiser model, Denoiser weaker, Guidance guidance) {
        this.model = model;
        this.weaker = weaker;
        this.guidance = guidance;
    }

    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        if (!guidance.acts(sigma.getDouble(0))) {
            return model.denoise(x, sigma, labels);
        }
        // Copied: both may share a model, which overwrites its output in its next call.
        INDArray guided = result.like(x).assign(model.denoise(x, sigma, labels));
        INDArray weak = weaker.denoise(x, sigma, labels);
        if (!Arrays.equals(weak.shape(), guided.shape())) {
            throw new IllegalArgumentException("the weaker denoiser returned shape " + Arrays.toString(weak.shape())
                    + ", expected that of the model, " + Arrays.toString(guided.shape()));
        }
        // D + (w - 1) (D - D_weak)
        INDArray difference = guided.sub(weak, scratch.like(x)).muli(guidance.weight() - 1);
        return guided.addi(difference);
    }

    @Override
    public DataType dataType() {
        return model.dataType();
    }

    @Override
    public void close() {
        result.close();
        scratch.close();
    }
}
