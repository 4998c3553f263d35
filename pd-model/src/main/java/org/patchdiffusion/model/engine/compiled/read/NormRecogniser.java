package org.patchdiffusion.model.engine.compiled.read;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * Group norm: {@code reshape(d · rsqrt(mean(d·d) + eps)) · gamma + beta} with {@code d = y − mean(y)} and y =
 * {@code reshape(x, [B, groups, rest])}.
 */
final class NormRecogniser {

    private NormRecogniser() {}

    /** The ops of a norm, found by how they are wired. */
    private record Wiring(
            SameDiffOp scaled,
            SameDiffOp back,
            SameDiffOp normed,
            SameDiffOp centred,
            SameDiffOp grouped,
            SameDiffOp average,
            SameDiffOp inverse,
            SameDiffOp shifted,
            SameDiffOp variance,
            SameDiffOp squared) {}

    /** The ops inside what is wired like a norm and ends in an op; none if it is not. */
    static List<SameDiffOp> inner(GraphView view, SameDiffOp add) {
        Wiring w = wiring(view, add);
        if (w == null) {
            return List.of();
        }
        List<SameDiffOp> inner = new ArrayList<>(List.of(
                w.scaled,
                w.back,
                w.normed,
                w.centred,
                w.grouped,
                w.average,
                w.inverse,
                w.shifted,
                w.variance,
                w.squared));
        for (String perChannel : List.of(GraphView.input(w.scaled, 1), GraphView.input(add, 1))) {
            SameDiffOp reshape = view.producer(perChannel, "reshape");
            if (reshape != null) {
                inner.add(reshape);
            }
        }
        return inner;
    }

    static Value read(Reading graph, SameDiffOp add) {
        Wiring wiring = wiring(graph.view(), add);
        if (wiring == null) {
            return null;
        }
        Value x = graph.image(GraphView.input(wiring.grouped(), 0));
        String gamma = perChannel(graph, GraphView.input(wiring.scaled(), 1), x);
        String beta = perChannel(graph, GraphView.input(add, 1), x);
        if (x == null || gamma == null || beta == null) {
            return null;
        }
        long length = graph.batch() * x.elements();
        long[] groups = GraphView.reshapeTarget(wiring.grouped(), length);
        long[] shape = GraphView.reshapeTarget(wiring.back(), length);
        boolean fits = groups != null
                && groups.length == 3
                && groups[0] == graph.batch()
                && x.channels() % groups[1] == 0
                && shape != null
                && x.hasShape(shape);
        if (!fits) {
            return null;
        }
        double epsilon = GraphView.number(wiring.shifted());
        return graph.emit(
                Norm.of(GraphView.output(add), x, new Norm.Settings(gamma, beta, (int) groups[1], epsilon, false)));
    }

    private static Wiring wiring(GraphView view, SameDiffOp add) {
        SameDiffOp scaled = view.producer(GraphView.input(add, 0), "multiply");
        SameDiffOp back = scaled == null ? null : view.producer(GraphView.input(scaled, 0), "reshape");
        SameDiffOp normed = back == null ? null : view.producer(GraphView.input(back, 0), "multiply");
        SameDiffOp centred = normed == null ? null : view.producer(GraphView.input(normed, 0), "subtract");
        SameDiffOp grouped = centred == null ? null : view.producer(GraphView.input(centred, 0), "reshape");
        SameDiffOp average = grouped == null ? null : mean(view, GraphView.input(centred, 1));
        SameDiffOp inverse = average == null ? null : view.producer(GraphView.input(normed, 1), "rsqrt");
        SameDiffOp shifted = inverse == null ? null : view.producer(GraphView.input(inverse, 0), "add_scalar");
        SameDiffOp variance =
                shifted == null || !GraphView.hasFixedNumber(shifted) ? null : mean(view, GraphView.input(shifted, 0));
        SameDiffOp squared = variance == null ? null : view.producer(GraphView.input(variance, 0), "multiply");
        boolean wired = squared != null
                && GraphView.input(average, 0).equals(GraphView.input(centred, 0))
                && GraphView.input(squared, 0).equals(GraphView.input(normed, 0))
                && GraphView.input(squared, 1).equals(GraphView.input(normed, 0));
        return wired
                ? new Wiring(scaled, back, normed, centred, grouped, average, inverse, shifted, variance, squared)
                : null;
    }

    /** A mean over the last of three axes, which stays. */
    private static SameDiffOp mean(GraphView view, String variable) {
        SameDiffOp op = view.producer(variable, "reduce_mean");
        boolean overLast = op != null
                && GraphView.reducesFixedAxes(op)
                && GraphView.keepsAxes(op)
                && java.util.Arrays.equals(GraphView.reducedAxes(op, 3), new int[] {2});
        return overLast ? op : null;
    }

    /** The parameter behind {@code reshape(parameter, [1, C, 1, 1])}, or null. */
    private static String perChannel(Reading graph, String variable, Value x) {
        String parameter = x == null ? null : PairRecognisers.parameterBehind(graph, variable);
        SameDiffOp reshape = parameter == null ? null : graph.view().producer(variable, "reshape");
        if (reshape == null) {
            return null;
        }
        long[] shape = GraphView.reshapeTarget(reshape, graph.view().parameterLength(parameter));
        boolean fits = shape.length == 4 && shape[0] == 1 && shape[1] == x.channels() && shape[2] == 1 && shape[3] == 1;
        return fits ? parameter : null;
    }
}
