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
    private final Noise noise;
    private final SplittableRandom random;
    private final Map<String, INDArray> inputs = new LinkedHashMap<>();
    private final List<String> parameters = new ArrayList<>();
    private int leaves;
    private double inputScale;

    /**
     * An empty graph.
     *
     * @param noise follows every step
     */
    BuildContext(DataType type, Noise noise) {
        this.type = type;
        this.noise = noise;
        this.random = new SplittableRandom(noise.seed());
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

    /** What float32 would do to the result of an operation inside a step, but larger: a factor near 1 for each element. */
    SDVariable rounded(SDVariable exact, long[] shape) {
        return rounded(exact, shape, 1);
    }

    /** The same for a sum of so many elements, which rounds each time. */
    SDVariable rounded(SDVariable exact, long[] shape, double elements) {
        if (noise.size() == 0) {
            return exact;
        }
        return exact.mul(random(shape, 1, noise.size() * Math.sqrt(elements)));
    }

    /** Tells of which size the values are that the next step reads. */
    void enter(Step step) {
        if (noise.size() > 0) {
            inputScale = step.inputs().stream()
                    .mapToDouble(noise.scales()::get)
                    .max()
                    .orElse(1);
        }
    }

    /** A value inside a step of about the size of its inputs, disturbed for one of its readers alone. */
    SDVariable disturbed(SDVariable exact, long[] shape) {
        return noise.size() == 0 ? exact : exact.add(random(shape, 0, noise.size() * inputScale));
    }

    /** The result of a step: its value and, independent of that, its gradient. */
    SDVariable result(SDVariable exact, Step step, int index) {
        if (noise.size() == 0) {
            return exact;
        }
        double scale = noise.size() * noise.scales().get(index);
        return exact.mul(random(step.shape(), 1, noise.size())).add(random(step.shape(), 0, scale));
    }

    private SDVariable random(long[] shape, double mean, double deviation) {
        double[] values = new double[Math.toIntExact(Leaf.product(shape))];
        for (int i = 0; i < values.length; i++) {
            values[i] = mean + deviation * random.nextGaussian();
        }
        INDArray array = shape.length == 0
                ? Nd4j.scalar(values[0])
                : Nd4j.createFromArray(values).reshape('c', shape);
        return sd.constant("noise" + leaves++, array);
    }
}
