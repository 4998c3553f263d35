package org.patchdiffusion.model.engine.compiled.read;

import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.patchdiffusion.model.engine.generic.ShapeProbe;

/** Shapes of what parts make. Many ops end up inside a pattern and are dropped, so the common ones must cost little. */
final class Shapes {
    private static final Set<String> PAIRS = Set.of("add", "subtract", "multiply", "divide");
    private static final Set<String> SAME = Set.of("rsqrt", "add_scalar", "mul_scalar", "identity", "softmax");

    private Shapes() {}

    static List<LongShapeDescriptor> of(SameDiffOp op, List<INDArray> inputs, ShapeProbe probe) {
        String name = GraphView.name(op);
        INDArray first = inputs.get(0);
        if (SAME.contains(name) && inputs.size() == 1) {
            return List.of(LongShapeDescriptor.fromShape(first.shape(), first.dataType()));
        }
        if (PAIRS.contains(name) && first.rank() == inputs.get(1).rank()) {
            long[] shape = broadcast(first.shape(), inputs.get(1).shape());
            if (shape != null) {
                return List.of(LongShapeDescriptor.fromShape(shape, first.dataType()));
            }
        }
        try {
            return probe.outputs(op, inputs);
        } catch (RuntimeException e) {
            throw new UnsupportedGraphException(GraphView.output(op) + ": the shape that " + name
                    + " makes is not known before the run (" + e.getMessage() + ")");
        }
    }

    private static long[] broadcast(long[] a, long[] b) {
        long[] shape = new long[a.length];
        for (int i = 0; i < a.length; i++) {
            if (a[i] != b[i] && a[i] != 1 && b[i] != 1) {
                return null;
            }
            shape[i] = Math.max(a[i], b[i]);
        }
        return shape;
    }
}
