package org.patchdiffusion.model.unet;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Resampling by 2 with a separable symmetric filter of even length.
 *
 * <p>Such a filter is [1, 1] convolved with a shorter one, the blur: [1, 3, 3, 1] = [1, 1] * [1, 2, 1]. So downsampling is
 * the blur followed by a 2x2 average, and upsampling is nearest-neighbour followed by the blur; [1, 1] needs no blur.
 *
 * <p>Graph form: {@code avgPooling2d} 2x2 or {@code upsampling2d} 2; the blur is {@code conv2d} of
 * {@code reshape(x, [B*C, 1, H, W])} with a constant kernel {@code [k, k, 1, 1]}.
 */
record Resample(List<Integer> filter) {

    private static final String BLUR_KERNEL = "resample_blur";

    /** How far the filter reaches beyond the 2x2 cell that it resamples, in pixels. */
    int reach() {
        return filter.size() / 2 - 1;
    }

    /** Doubles height and width. */
    Feature up(GraphContext g, Feature x) {
        SDVariable y = g.sd().cnn().upsampling2d(x.value(), 2, 2, true);
        return blur(g, new Feature(y, x.channels(), 2 * x.height(), 2 * x.width()), reach());
    }

    /** Halves height and width. */
    Feature down(GraphContext g, Feature x) {
        return average(g, blur(g, x, reach()));
    }

    /** Halves height and width of a map that carries {@link #reach} more pixels on each side. */
    Feature downUnpadded(GraphContext g, Feature x) {
        return average(g, blur(g, x, 0));
    }

    private static Feature average(GraphContext g, Feature x) {
        Pooling2DConfig config =
                Pooling2DConfig.builder().kH(2).kW(2).sH(2).sW(2).isNHWC(false).build();
        SDVariable y = g.sd().cnn().avgPooling2d(x.value(), config);
        return new Feature(y, x.channels(), x.height() / 2, x.width() / 2);
    }

    private Feature blur(GraphContext g, Feature x, int padding) {
        if (reach() == 0) {
            return x;
        }
        SameDiff sd = g.sd();
        int size = filter.size() - 1;
        int growth = 2 * padding - size + 1;
        int height = x.height() + growth;
        int width = x.width() + growth;
        SDVariable kernel =
                sd.hasVariable(BLUR_KERNEL) ? sd.getVariable(BLUR_KERNEL) : sd.constant(BLUR_KERNEL, blurKernel());
        SDVariable planes = sd.reshape(x.value(), (long) g.batch() * x.channels(), 1, x.height(), x.width());
        SDVariable blurred = sd.cnn().conv2d(planes, kernel, Conv.config(size, padding));
        return new Feature(sd.reshape(blurred, g.batch(), x.channels(), height, width), x.channels(), height, width);
    }

    // Outer product of the filter divided by [1, 1] with itself, scaled to sum 1.
    private INDArray blurKernel() {
        int size = filter.size() - 1;
        double[] quotient = new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            quotient[i] = filter.get(i) - (i == 0 ? 0 : quotient[i - 1]);
            sum += quotient[i];
        }
        INDArray kernel = Nd4j.create(DataType.FLOAT, size, size, 1, 1);
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                kernel.putScalar(new int[] {i, j, 0, 0}, quotient[i] * quotient[j] / (sum * sum));
            }
        }
        return kernel;
    }
}
