package org.patchdiffusion.model.engine.compiled.lower;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.patchdiffusion.model.engine.compiled.ir.Dense;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Loops;
import org.patchdiffusion.model.engine.compiled.lower.Matmul.Operand;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** A dense layer; weights and their gradient are used where they lie in the flat buffers. */
final class DenseLowering {
    private final Lowering lowering;
    private final Dense node;
    private final int in;
    private final int out;
    private final memory.desc inputDesc;
    private final memory.desc outputDesc;

    private DenseLowering(Lowering lowering, Dense node) {
        this.lowering = lowering;
        this.node = node;
        this.in = node.x().channels();
        this.out = node.output().channels();
        this.inputDesc = OneDnn.rowMajor(lowering.batch(), in);
        this.outputDesc = OneDnn.rowMajor(lowering.batch(), out);
    }

    static void forward(Lowering lowering, Dense node) {
        new DenseLowering(lowering, node).forward();
    }

    static void inputGradient(Lowering lowering, Dense.InputGradient node) {
        DenseLowering dense = new DenseLowering(lowering, node.dense());
        Operand dy = Operand.of(lowering.of(node.dy()), 0, dense.outputDesc);
        Operand weight = Operand.parameter(node.dense().weight(), dense.weight(true));
        Operand dx = Operand.of(lowering.define(node.output()), 0, dense.inputDesc);
        Matmul.of("dense backward data", dy, weight, dx).flops(dense.flops()).addTo(lowering);
    }

    static void weightGradient(Lowering lowering, Dense.WeightGradient node) {
        DenseLowering dense = new DenseLowering(lowering, node.dense());
        dense.weightGradient(lowering.of(node.x()), lowering.of(node.dy()), node.addWeight());
        if (node.dense().bias() != null) {
            dense.biasGradient(lowering.of(node.dy()), node.addBias());
        }
    }

    private void forward() {
        Operand x = Operand.of(lowering.of(node.x()), 0, inputDesc);
        Operand weight = Operand.parameter(node.weight(), weight(false));
        Operand bias = node.bias() == null ? null : Operand.parameter(node.bias(), OneDnn.rowMajor(1, out));
        Operand y = Operand.of(lowering.define(node.output()), 0, outputDesc);
        Matmul.of("dense forward", x, weight, y).bias(bias).flops(flops()).addTo(lowering);
    }

    /** The product in the order that leaves the gradient as the weight is stored. */
    private void weightGradient(Buffer x, Buffer dy, boolean add) {
        Operand left = node.transposed()
                ? Operand.of(dy, 0, transpose(out, lowering.batch()))
                : Operand.of(x, 0, transpose(in, lowering.batch()));
        Operand right = node.transposed() ? Operand.of(x, 0, inputDesc) : Operand.of(dy, 0, outputDesc);
        Operand dw = Operand.gradientOf(node.weight(), weight(node.transposed()));
        Matmul.of("dense backward weights", left, right, dw)
                .adding(add)
                .flops(flops())
                .addTo(lowering);
    }

    private void biasGradient(Buffer dy, boolean add) {
        lowering.step("bias gradient", Step.Kind.POINTWISE, 0, List.of(dy), List.of(), memory -> {
            Floats gradient = memory.floats(dy);
            long at = memory.gradient().offset(node.bias());
            float[] sum = new float[out];
            float[] row = new float[out];
            return () -> {
                Arrays.fill(sum, 0f);
                for (int image = 0; image < lowering.batch(); image++) {
                    gradient.get((long) image * out, row, 0, out);
                    Loops.add(sum, row, sum, out);
                }
                memory.gradient().write(at, sum, 0, out, add);
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
