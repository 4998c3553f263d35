package org.patchdiffusion.model.engine;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
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
 * @param parts at least one rank-1 float32 array of {@code layout.length()} elements, contiguous and in memory of its own;
 *     their sum is the gradient
 */
public record Gradients(ParameterLayout layout, List<INDArray> parts) {

    /** @throws IllegalArgumentException saying what is wrong with which part */
    public Gradients {
        Objects.requireNonNull(layout, "a gradient needs a layout");
        Objects.requireNonNull(parts, "a gradient needs a list of parts");
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("a gradient needs at least one part, got none");
        }
        for (int i = 0; i < parts.size(); i++) {
            requireFit(layout, parts.get(i), i);
        }
        parts = List.copyOf(parts);
        requireOwnMemory(parts);
    }

    private static void requireFit(ParameterLayout layout, INDArray part, int index) {
        String expected = "; expected FLOAT [" + layout.length() + "] in memory without gaps: make the parts with"
                + " newGradients(parameters.layout())";
        if (part == null) {
            throw new IllegalArgumentException("part " + index + " of a gradient is null" + expected);
        }
        if (part.wasClosed()) {
            throw closed(index, expected);
        }
        boolean isFlat = part.rank() == 1 && part.dataType() == DataType.FLOAT && part.length() == layout.length();
        if (!isFlat || part.length() > 1 && part.stride(0) != 1) {
            throw new IllegalArgumentException("part " + index + " of a gradient is " + part.dataType() + " "
                    + Arrays.toString(part.shape())
                    + (isFlat ? " with a stride of " + part.stride(0) : "") + expected);
        }
    }

    /** Replicas write their parts at the same time. */
    private static void requireOwnMemory(List<INDArray> parts) {
        List<INDArray> byAddress = parts.stream()
                .sorted(Comparator.comparingLong(Gradients::start))
                .toList();
        for (int i = 1; i < byAddress.size(); i++) {
            INDArray before = byAddress.get(i - 1);
            if (start(before) + before.length() * Float.BYTES > start(byAddress.get(i))) {
                throw new IllegalArgumentException("two parts of a gradient share memory; each replica needs a part of"
                        + " its own: make them with newGradients(parameters.layout())");
            }
        }
    }

    private static long start(INDArray part) {
        return part.isEmpty() ? 0 : part.data().pointer().address() + part.offset() * Float.BYTES;
    }

    /**
     * Checks that none was closed since.
     *
     * @throws IllegalArgumentException naming a part that was
     */
    public void requireOpen() {
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).wasClosed()) {
                throw closed(i, "");
            }
        }
    }

    private static IllegalArgumentException closed(int index, String expected) {
        return new IllegalArgumentException("part " + index + " of a gradient is closed" + expected);
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
