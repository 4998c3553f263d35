package org.patchdiffusion.model.engine.fuzz;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A value that the graph does not compute.
 *
 * @param kind what SameDiff takes it for
 * @param memory how its float32 array lies in memory; the float64 reference always gets row-major arrays
 * @param values row-major
 */
record Leaf(Kind kind, Memory memory, long[] shape, float[] values) implements Form {

    enum Kind {
        PLACEHOLDER,
        PARAMETER,
        CONSTANT
    }

    enum Memory {
        ROW_MAJOR,
        COLUMN_MAJOR,
        /** The inner part of a larger array. */
        WINDOW,
        /** A row-major array with its axes in reverse order, seen with the axes put back. */
        PERMUTED
    }

    /** Normal numbers times a scale. */
    static Leaf normal(Kind kind, Memory memory, SplittableRandom random, double scale, long... shape) {
        float[] values = new float[Math.toIntExact(product(shape))];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (scale * random.nextGaussian());
        }
        return new Leaf(kind, memory, shape, values);
    }

    static long product(long... shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    @Override
    public SDVariable emit(BuildContext context, SDVariable... inputs) {
        INDArray array = array(context.type());
        return switch (kind) {
            case PLACEHOLDER -> context.placeholder(array);
            case PARAMETER -> context.parameter(array);
            case CONSTANT -> context.constant(array);
        };
    }

    INDArray array(DataType type) {
        INDArray plain = shape.length == 0
                ? Nd4j.scalar(values[0])
                : Nd4j.createFromArray(values).reshape('c', shape);
        if (type == DataType.DOUBLE) {
            return plain.castTo(DataType.DOUBLE);
        }
        return switch (shape.length == 0 ? Memory.ROW_MAJOR : memory) {
            case ROW_MAJOR -> plain;
            case COLUMN_MAJOR -> plain.dup('f');
            case WINDOW -> window(plain);
            case PERMUTED -> plain.permute(reversed()).dup('c').permute(reversed());
        };
    }

    private INDArray window(INDArray plain) {
        INDArrayIndex[] inner = new INDArrayIndex[shape.length];
        for (int i = 0; i < shape.length; i++) {
            inner[i] = NDArrayIndex.interval(1, 1 + shape[i]);
        }
        INDArray larger =
                Nd4j.valueArrayOf(Arrays.stream(shape).map(size -> size + 2).toArray(), 7f, DataType.FLOAT);
        INDArray window = larger.get(inner).reshape(shape);
        window.assign(plain);
        return window;
    }

    private int[] reversed() {
        int[] axes = new int[shape.length];
        Arrays.setAll(axes, i -> shape.length - 1 - i);
        return axes;
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase()
                + (memory == Memory.ROW_MAJOR ? "" : " " + memory.name().toLowerCase());
    }
}
