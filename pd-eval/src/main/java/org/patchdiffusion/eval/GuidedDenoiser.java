package org.patchdiffusion.eval;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Denoiser;

/**
 * Classifier-free guidance (Ho and Salimans 2022): D_uncond + w (D_cond - D_uncond), where the unconditional label is
 * all zeros. Evaluates the model twice for each call.
 */
public final class GuidedDenoiser implements Denoiser {
    private final Denoiser model;
    private final double weight;
    private INDArray result;

    /**
     * Guides a model that was trained with class labels, some of them dropped.
     *
     * @param model the class-conditional model
     * @param weight w; 0 is unconditional, 1 conditional, above 1 exaggerates the class
     * @throws IllegalArgumentException if the weight is not finite
     */
    public GuidedDenoiser(Denoiser model, double weight) {
        if (!Double.isFinite(weight)) {
            throw new IllegalArgumentException("guidance weight is " + weight + ", expected a finite number");
        }
        this.model = model;
        this.weight = weight;
    }

    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        if (labels == null) {
            throw new IllegalArgumentException(
                    "guidance needs class labels and got none; give a label for each image or set no guidance");
        }
        try (INDArray none = Nd4j.zeros(labels.dataType(), labels.shape())) {
            result = copy(model.denoise(x, sigma, none), result);
        }
        try (INDArray conditional = model.denoise(x, sigma, labels).mul(weight)) {
            return result.muli(1 - weight).addi(conditional);
        }
    }

    /** Copies into the old array if it fits: the model may overwrite its output in its next call. */
    private static INDArray copy(INDArray source, INDArray old) {
        if (old != null && Arrays.equals(old.shape(), source.shape())) {
            return old.assign(source);
        }
        if (old != null) {
            old.close();
        }
        return source.dup('c');
    }
}
