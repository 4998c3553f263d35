package org.patchdiffusion.model.engine.compiled.read;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.engine.compiled.ir.SumBatch;
import org.patchdiffusion.model.engine.compiled.ir.SumImage;
import org.patchdiffusion.model.engine.compiled.ir.SumPixels;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** Sums and means over the pixels of an image, over everything in an image, or over the whole batch. */
final class SumRecognisers {

    private SumRecognisers() {}

    static Value sum(Reading graph, SameDiffOp op) {
        return read(graph, op, false);
    }

    static Value mean(Reading graph, SameDiffOp op) {
        return read(graph, op, true);
    }

    private static Value read(Reading graph, SameDiffOp op, boolean mean) {
        Value x = graph.split(GraphView.input(op, 0));
        if (x == null || !GraphView.reducesFixedAxes(op)) {
            return null;
        }
        int[] axes = GraphView.reducedAxes(op, x.rank());
        String name = GraphView.output(op);
        if (Arrays.equals(axes, axesFrom(0, x.rank())) && !GraphView.keepsAxes(op)) {
            return batch(graph, name, x, mean);
        } else if (x.rank() > 1 && Arrays.equals(axes, axesFrom(1, x.rank()))) {
            Value y = value(name, x, new long[] {graph.batch()}, GraphView.keepsAxes(op));
            return graph.emit(new SumImage(y, x, mean ? 1f / x.elements() : 1f));
        } else if (x.isImage() && Arrays.equals(axes, axesFrom(2, 4))) {
            Value y = value(name, x, new long[] {graph.batch(), x.channels()}, GraphView.keepsAxes(op));
            return graph.emit(new SumPixels(y, x, mean ? 1f / x.pixels() : 1f));
        }
        return null;
    }

    private static Value batch(Reading graph, String name, Value x, boolean mean) {
        Value perImage = x;
        if (x.elements() != 1) {
            Value sums = value(name + " per image", x, new long[] {graph.batch()}, false);
            perImage = graph.emit(new SumImage(sums, x, 1f));
        }
        double factor = mean ? 1.0 / (graph.batch() * x.elements()) : 1;
        return graph.emit(new SumBatch(Value.sum(name, x.differentiable()), perImage, factor));
    }

    private static Value value(String name, Value x, long[] kept, boolean keepAxes) {
        long[] shape = kept;
        if (keepAxes) {
            shape = new long[x.rank()];
            Arrays.fill(shape, 1);
            System.arraycopy(kept, 0, shape, 0, kept.length);
        }
        return Value.of(name, x.batch(), DataType.FLOAT, shape, x.differentiable());
    }

    private static int[] axesFrom(int first, int end) {
        int[] axes = new int[end - first];
        Arrays.setAll(axes, i -> first + i);
        return axes;
    }
}
