package org.patchdiffusion.model.engine.compiled.lower;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.engine.compiled.ir.Binary;
import org.patchdiffusion.model.engine.compiled.ir.Reshape;
import org.patchdiffusion.model.engine.compiled.ir.Scale;
import org.patchdiffusion.model.engine.compiled.ir.ScaledAdd;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Loops;
import org.patchdiffusion.model.engine.compiled.kernel.Numbers;
import org.patchdiffusion.model.engine.compiled.kernel.Tiles;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** The nodes that combine tensors element by element. */
final class ElementLowerings {

    private ElementLowerings() {}

    static void scaledAdd(Lowering lowering, ScaledAdd node) {
        List<Buffer> in = List.of(lowering.of(node.a()), lowering.of(node.b()));
        float factor = node.factor();
        Tiles t = lowering.tiles();
        Buffer out = lowering.define(node.output());
        if (out.type() == DataType.BFLOAT16) {
            BfloatElements.scaledAdd(lowering, in.get(0), in.get(1), factor, out);
            return;
        }
        lowering.pointwise("residual", in, out, n -> Loops.scaledAdd(t.x, t.y, factor, t.x, n));
    }

    static void scale(Lowering lowering, Scale node) {
        Tiles t = lowering.tiles();
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        if (y.type() == DataType.BFLOAT16) {
            BfloatElements.scale(lowering, x, node.factor(), node.offset(), y);
            return;
        }
        lowering.pointwise("scale", List.of(x), y, n -> {
            if (node.offset() == 0f) {
                Loops.scale(t.x, node.factor(), t.x, n);
            } else {
                Loops.scaleAndShift(t.x, node.factor(), node.offset(), t.x, n);
            }
        });
    }

    /** A plain tensor already lies in memory as it should, unless the caller wants it elsewhere. */
    static void reshape(Lowering lowering, Reshape node) {
        Buffer x = lowering.of(node.x());
        if (lowering.isShared(node.output())) {
            lowering.pointwise("reshape", List.of(x), lowering.define(node.output()), n -> {});
        } else {
            lowering.define(node.output(), x);
        }
    }

    static void binary(Lowering lowering, Binary node) {
        Buffer a = lowering.of(node.a());
        Buffer b = lowering.of(node.b());
        Buffer out = lowering.define(node.output());
        Tiles tiles = lowering.tiles();
        if (a.count() == b.count()) {
            lowering.pointwise("pointwise", List.of(a, b), out, n -> apply(node.op(), tiles, n));
            return;
        }
        lowering.step("pointwise", Step.Kind.POINTWISE, 0, List.of(a, b), List.of(out), memory -> {
            Numbers x = memory.numbers(a);
            Floats numbers = memory.floats(b);
            Numbers y = memory.numbers(out);
            long perImage = a.count() / lowering.batch();
            return () -> {
                for (int image = 0; image < lowering.batch(); image++) {
                    Arrays.fill(tiles.y, numbers.get(image));
                    for (long i = 0; i < perImage; i += Tiles.SIZE) {
                        int n = (int) Math.min(Tiles.SIZE, perImage - i);
                        x.get(image * perImage + i, tiles.x, 0, n);
                        apply(node.op(), tiles, n);
                        y.put(image * perImage + i, tiles.x, 0, n);
                    }
                }
            };
        });
    }

    private static void apply(Binary.Op op, Tiles t, int n) {
        switch (op) {
            case ADD -> Loops.add(t.x, t.y, t.x, n);
            case SUBTRACT -> Loops.subtract(t.x, t.y, t.x, n);
            case MULTIPLY -> Loops.multiply(t.x, t.y, t.x, n);
            case DIVIDE -> Loops.divide(t.x, t.y, t.x, n);
        }
    }
}
