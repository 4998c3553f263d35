package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.patchdiffusion.model.engine.compiled.Matmul.Operand;

/** A dense layer; weights and their gradient are used where they lie in the flat buffers. */
final class DenseLowering implements NodeLowering {
    private final Lowering lowering;
    private final Node.Dense node;
    private final int in;
    private final int out;
    private final memory.desc inputDesc;
    private final memory.desc outputDesc;

    DenseLowering(Lowering lowering, Node.Dense node) {
        this.lowering = lowering;
        this.node = node;
        this.in = node.x().channels;
        this.out = node.output().channels;
        this.inputDesc = OneDnn.rowMajor(lowering.batch(), in);
        this.outputDesc = OneDnn.rowMajor(lowering.batch(), out);
    }

    @Override
    public void forward() {
        Operand x = Operand.of(lowering.of(node.x()), 0, inputDesc);
        Operand weight = Operand.parameter(node.weight(), weight(false));
        Operand bias = node.bias() == null ? null : Operand.parameter(node.bias(), OneDnn.rowMajor(1, out));
        Operand y = Operand.of(lowering.define(node.output()), 0, outputDesc);
        Matmul.add(lowering, "dense forward", x, weight, bias, y, 1f, flops());
    }

    @Override
    public void backward() {
        Buffer dy = lowering.gradient(node.output());
        weightGradient(dy);
        if (node.bias() != null) {
            biasGradient(dy);
        }
        if (node.x().differentiable) {
            Buffer dx = lowering.allocate("d " + node.x().name, node.x());
            Matmul.add(
                    lowering,
                    "dense backward data",
                    Operand.of(dy, 0, outputDesc),
                    Operand.parameter(node.weight(), weight(true)),
                    null,
                    Operand.of(dx, 0, inputDesc),
                    1f,
                    flops());
            lowering.contribute(node.x(), dx);
        }
    }

    /** The product in the order that leaves the gradient as the weight is stored. */
    private void weightGradient(Buffer dy) {
        Buffer x = lowering.of(node.x());
        Operand left = node.transposed()
                ? Operand.of(dy, 0, transpose(out, lowering.batch()))
                : Operand.of(x, 0, transpose(in, lowering.batch()));
        Operand right = node.transposed() ? Operand.of(x, 0, inputDesc) : Operand.of(dy, 0, outputDesc);
        Operand dw = Operand.gradientOf(node.weight(), weight(node.transposed()));
        Matmul.add(lowering, "dense backward weights", left, right, null, dw, 1f, flops());
    }

    private void biasGradient(Buffer dy) {
        lowering.step("bias gradient", Step.Kind.POINTWISE, 0, List.of(dy), List.of(), memory -> {
            FloatBuffer gradient = memory.floats(dy);
            int at = memory.gradient().offset(node.bias());
            float[] sum = new float[out];
            float[] row = new float[out];
            return () -> {
                Arrays.fill(sum, 0f);
                for (int image = 0; image < lowering.batch(); image++) {
                    gradient.get(image * out, row, 0, out);
                    Loops.add(sum, row, sum, out);
                }
                memory.gradient().floats().put(at, sum, 0, out);
            };
        });
    }

    /** The weight as {@code [out, in]} or {@code [in, out]}, whichever way round it is stored. */
    private memory.desc weight(boolean outFirst) {
        long rows = outFirst ? out : in;
        long columns = outFirst ? in : out;
        return node.transposed() == outFirst ? OneDnn.rowMajor(rows, columns) : transpose(rows, columns);
    }

    private static memory.desc transpose(long rows, long columns) {
        return OneDnn.strided(new long[] {rows, columns}, new long[] {1, rows});
    }

    private long flops() {
        return 2L * lowering.batch() * in * out;
    }
}
