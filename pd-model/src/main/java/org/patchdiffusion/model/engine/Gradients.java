package org.patchdiffusion.model.engine;

import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;

/**
 * A gradient as partial sums: one flat buffer for each replica of the engine. The optimizer adds them up in the same
 * pass in which it reads them.
 *
 * @param layout where each parameter stands
 * @param parts rank-1 float32 arrays of {@code layout.length()} elements, whose sum is the gradient
 */
public record Gradients(ParameterLayout layout, List<INDArray> parts) {
    public Gradients {
        parts = List.copyOf(parts);
    }

    /** Zeroed buffers. */
    public static Gradients zeros(ParameterLayout layout, int parts) {
        return new Gradients(
                layout,
                IntStream.range(0, parts)
                        .mapToObj(i -> Nd4j.create(DataType.FLOAT, layout.length()))
                        .toList());
    }

    /** The whole gradient, in a new array. */
    public INDArray sum() {
        INDArray total = parts.get(0).dup();
        for (INDArray part : parts.subList(1, parts.size())) {
            total.addi(part);
        }
        return total;
    }
}
