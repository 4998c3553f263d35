package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.Denoiser;

/**
 * Classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598): D_uncond + w (D_cond - D_uncond), where the
 * unconditional label is all zeros. Both are evaluated in one pass over a batch of twice the images.
 *
 * <p>All images of a call have one noise level. The model stays the caller's; closing frees buffers only.
 */
public final class ClassifierFreeDenoiser implements Denoiser, AutoCloseable {
    private final Denoiser model;
    private final Guidance guidance;
    private final KeptArray images = new KeptArray();
    private final KeptArray levels = new KeptArray();
    private final KeptArray classes = new KeptArray();
    private final KeptArray result = new KeptArray();
    private final KeptArray scratch = new KeptArray();

    /**
     * Guides a model that was trained with class labels, some of them dropped.
     *
     * @param model the class-conditional model
     */
    public ClassifierFreeDenoiser(Denoiser model, Guidance guidance) {
        this.model = model;
        this.guidance = guidance;
    }

    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        if (labels == null) {
            throw new IllegalArgumentException(
                    "guidance needs class labels and got none; give a label for each image or set no guidance");
        }
        if (!guidance.acts(sigma.getDouble(0))) {
            return model.denoise(x, sigma, labels);
        }
        long n = x.size(0);
        INDArray twice = images.of(x, 2 * n, x.size(1), x.size(2), x.size(3));
        rows(twice, 0, n).assign(x);
        rows(twice, n, 2 * n).assign(x);
        INDArray twiceSigma = levels.of(sigma, 2 * n);
        rows(twiceSigma, 0, n).assign(sigma);
        rows(twiceSigma, n, 2 * n).assign(sigma);
        INDArray twiceLabels = classes.of(labels, 2 * n, labels.size(1));
        rows(twiceLabels, 0, n).assign(labels);
        rows(twiceLabels, n, 2 * n).assign(0);
        INDArray both = model.denoise(twice, twiceSigma, twiceLabels);
        INDArray guided = result.like(x).assign(rows(both, 0, n));
        INDArray difference = guided.sub(rows(both, n, 2 * n), scratch.like(x)).muli(guidance.weight() - 1);
        return guided.addi(difference);
    }

    private static INDArray rows(INDArray array, long from, long to) {
        return array.get(NDArrayIndex.interval(from, to));
    }

    @Override
    public DataType dataType() {
        return model.dataType();
    }

    @Override
    public void close() {
        images.close();
        levels.close();
        classes.close();
        result.close();
        scratch.close();
    }
}
