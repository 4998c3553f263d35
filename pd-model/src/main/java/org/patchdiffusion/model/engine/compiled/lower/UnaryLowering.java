package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import java.util.function.IntConsumer;
import org.patchdiffusion.model.engine.compiled.ir.Unary;
import org.patchdiffusion.model.engine.compiled.kernel.Loops;
import org.patchdiffusion.model.engine.compiled.kernel.Tiles;
import org.patchdiffusion.model.engine.compiled.run.Buffer;

/** Functions of each number, and their gradients. */
final class UnaryLowering {

    private UnaryLowering() {}

    static void forward(Lowering lowering, Unary node) {
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        lowering.pointwise(label(node.function(), ""), List.of(x), y, forward(node.function(), lowering.tiles()));
    }

    private static IntConsumer forward(Unary.Function function, Tiles t) {
        return switch (function) {
            case SILU -> n -> {
                t.identity(n);
                t.affineSilu(n);
            };
            case RELU -> n -> Loops.relu(t.x, t.x, n);
            case TANH -> n -> {
                Loops.clamp(t.x, t.y, n);
                Loops.tanh(t.y, t.x, n);
            };
            case SIGMOID -> n -> {
                sigmoid(t, n);
                System.arraycopy(t.z, 0, t.x, 0, n);
            };
            case SQUARE -> n -> Loops.multiply(t.x, t.x, t.x, n);
        };
    }

    /** z = sigmoid(x) = (1 + tanh(x / 2)) / 2. */
    private static void sigmoid(Tiles t, int n) {
        Loops.scale(t.x, 0.5f, t.a, n);
        Loops.clamp(t.a, t.b, n);
        Loops.tanh(t.b, t.z, n);
        Loops.scaleAndShift(t.z, 0.5f, 0.5f, t.z, n);
    }

    static void gradient(Lowering lowering, Unary.Gradient node) {
        List<Buffer> in = List.of(lowering.of(node.x()), lowering.of(node.dy()));
        Buffer dx = lowering.define(node.output());
        lowering.pointwise(label(node.function(), " backward"), in, dx, gradient(node.function(), lowering.tiles()));
    }

    private static IntConsumer gradient(Unary.Function function, Tiles t) {
        return switch (function) {
            case SILU -> n -> {
                t.identity(n);
                t.affineSiluGradient(n);
                System.arraycopy(t.y, 0, t.x, 0, n);
            };
            case RELU -> n -> Loops.reluGradient(t.x, t.y, t.x, n);
            case TANH -> n -> {
                Loops.clamp(t.x, t.a, n);
                Loops.tanh(t.a, t.z, n);
                Loops.tanhGradient(t.z, t.y, t.x, n);
            };
            case SIGMOID -> n -> {
                sigmoid(t, n);
                Loops.sigmoidGradient(t.z, t.y, t.x, n);
            };
            case SQUARE -> n -> {
                Loops.multiply(t.x, t.y, t.x, n);
                Loops.scale(t.x, 2f, t.x, n);
            };
        };
    }

    private static String label(Unary.Function function, String direction) {
        return (function == Unary.Function.SILU ? "SiLU" : function.name().toLowerCase(java.util.Locale.ROOT))
                + direction;
    }
}
