package org.patchdiffusion.eval.sample;

import java.util.function.BiFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.Denoiser;

/** A formula of (x, sigma) in float64. */
record Float64Denoiser(BiFunction<INDArray, Double, INDArray> formula) implements Denoiser {

    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        return formula.apply(x, sigma.getDouble(0));
    }

    @Override
    public DataType dataType() {
        return DataType.DOUBLE;
    }
}
