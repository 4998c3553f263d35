package org.patchdiffusion.eval.sample;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.Denoiser;

/**
 * In-painting: where pixels are known, the estimate of the clean image is what is known (Song et al. 2021, arXiv 2011.13456,
 * appendix I, by the estimate instead of the noisy image). The known part then follows the noise levels exactly and ends as
 * given, and the model fits the rest to it. Outpainting is the same with the known pixels on a part of a larger canvas.
 *
 * <p>Closing frees its buffers; the model and the given arrays stay the caller's.
 */
public final class KnownPixels implements Denoiser, AutoCloseable {
    private final Denoiser model;
    private final INDArray known;
    private final INDArray free;
    private final KeptArray result = new KeptArray();

    /**
     * Wraps a model.
     *
     * @param model denoises images of the same size
     * @param picture the known pixels, {@code [C, H, W]} in the model's range -1 to 1; what it holds elsewhere is of no account
     * @param mask how far each pixel is known, {@code [H, W]}: 1 for known, 0 for free
     * @throws IllegalArgumentException if the shapes do not fit
     */
    public KnownPixels(Denoiser model, INDArray picture, INDArray mask) {
        if (picture.rank() != 3
                || mask.rank() != 2
                || picture.size(1) != mask.size(0)
                || picture.size(2) != mask.size(1)) {
            throw new IllegalArgumentException("known pixels have the shape " + Arrays.toString(picture.shape())
                    + " and their mask " + Arrays.toString(mask.shape())
                    + ", expected [channels, height, width] and [height, width]");
        }
        this.model = model;
        this.known = picture.castTo(model.dataType()).dup('c');
        this.free = known.dup('c');
        for (int c = 0; c < known.size(0); c++) {
            known.slice(c).muli(mask.castTo(model.dataType()));
            free.slice(c).assign(mask.castTo(model.dataType()).rsub(1));
        }
    }

    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        INDArray estimate = result.like(x).assign(model.denoise(x, sigma, labels));
        for (int n = 0; n < x.size(0); n++) {
            INDArray image = estimate.slice(n);
            if (!Arrays.equals(image.shape(), known.shape())) {
                throw new IllegalArgumentException("known pixels have the shape " + Arrays.toString(known.shape())
                        + ", expected that of the images, " + Arrays.toString(image.shape()));
            }
            image.muli(free).addi(known);
        }
        return estimate;
    }

    @Override
    public DataType dataType() {
        return model.dataType();
    }

    @Override
    public void close() {
        known.close();
        free.close();
        result.close();
    }
}
