package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A SameDiff graph while a recipe is written into it. */
final class BuildContext {
    private final SameDiff sd = SameDiff.create();
    private final DataType type;
    private final double noise;
    private final SplittableRandom random;
    private final Map<String, INDArray> inputs = new LinkedHashMap<>();
    private final List<String> parameters = new ArrayList<>();
    private int leaves;

    /**
     * An empty graph.
     *
     * @param noise relative size of the noise that follows every step; 0 for none
     * @param seed of the noise
     */
    BuildContext(DataType type, double noise, long seed) {
        this.type = type;
        this.noise = noise;
        this.random = new SplittableRandom(seed);
        sd.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
    }

    SameDiff sd() {
        return sd;
    }

    DataType type() {
        return type;
    }

    Map<String, INDArray> inputs() {
        return inputs;
    }

    List<String> parameters() {
        return parameters;
    }

    SDVariable placeholder(INDArray array) {
        String name = "x" + leaves++;
        inputs.put(name, array);
        return sd.placeHolder(name, type, array.shape());
    }

    SDVariable parameter(INDArray array) {
        String name = "p" + leaves++;
        parameters.add(name);
        return sd.var(name, array);
    }

    SDVariable constant(INDArray array) {
        return sd.constant("c" + leaves++, array);
    }

    /** What float32 would do to a result, many times larger or smaller: a factor near 1 for each element. */
    SDVariable rounded(SDVariable exact, long[] shape) {
        if (noise == 0) {
            return exact;
        }
        double[] factors = new double[Math.toIntExact(Leaf.product(shape))];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = 1 + noise * random.nextGaussian();
        }
        INDArray array = shape.length == 0
                ? Nd4j.scalar(factors[0])
                : Nd4j.createFromArray(factors).reshape('c', shape);
        return exact.mul(sd.constant("noise" + leaves++, array));
    }
}
