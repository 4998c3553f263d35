package org.patchdiffusion.model.engine.compiled.read;

import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * Group norm: {@code reshape(d · rsqrt(mean(d·d) + eps)) · gamma + beta} with {@code d = y − mean(y)} and y =
 * {@code reshape(x, [B, groups, rest])}.
 */
final class NormRecogniser {

    private NormRecogniser() {}

    static Value read(Reading graph, SameDiffOp add) {
        GraphView view = graph.view();
        SameDiffOp scaled = view.producer(GraphView.input(add, 0), "multiply");
        SameDiffOp back = scaled == null ? null : view.producer(GraphView.input(scaled, 0), "reshape");
        SameDiffOp normed = back == null ? null : view.producer(GraphView.input(back, 0), "multiply");
        SameDiffOp centred = normed == null ? null : view.producer(GraphView.input(normed, 0), "subtract");
        SameDiffOp grouped = centred == null ? null : view.producer(GraphView.input(centred, 0), "reshape");
        if (grouped == null || !isCentred(view, centred) || !isNormed(view, normed)) {
            return null;
        }
        Value x = graph.image(GraphView.input(grouped, 0));
        String gamma = perChannel(graph, GraphView.input(scaled, 1), x);
        String beta = perChannel(graph, GraphView.input(add, 1), x);
        if (x == null || gamma == null || beta == null) {
            return null;
        }
        long length = graph.batch() * x.elements();
        long[] groups = GraphView.reshapeTarget(grouped, length);
        long[] shape = GraphView.reshapeTarget(back, length);
        boolean fits = groups != null
                && groups.length == 3
                && groups[0] == graph.batch()
                && x.channels() % groups[1] == 0
                && shape != null
                && x.hasShape(shape);
        if (!fits) {
            return null;
        }
        Norm.Settings settings = new Norm.Settings(gamma, beta, (int) groups[1], epsilon(view, normed), false);
        return graph.emit(Norm.of(GraphView.output(add), x, settings));
    }

    private static boolean isCentred(GraphView view, SameDiffOp centred) {
        SameDiffOp average = mean(view, GraphView.input(centred, 1));
        return average != null && GraphView.input(average, 0).equals(GraphView.input(centred, 0));
    }

    private static boolean isNormed(GraphView view, SameDiffOp normed) {
        String difference = GraphView.input(normed, 0);
        SameDiffOp shifted = shifted(view, normed);
        SameDiffOp variance = shifted == null ? null : mean(view, GraphView.input(shifted, 0));
        SameDiffOp squared = variance == null ? null : view.producer(GraphView.input(variance, 0), "multiply");
        return squared != null
                && GraphView.input(squared, 0).equals(difference)
                && GraphView.input(squared, 1).equals(difference);
    }

    private static SameDiffOp shifted(GraphView view, SameDiffOp normed) {
        SameDiffOp inverse = view.producer(GraphView.input(normed, 1), "rsqrt");
        SameDiffOp shifted = inverse == null ? null : view.producer(GraphView.input(inverse, 0), "add_scalar");
        return shifted != null && GraphView.hasFixedNumber(shifted) ? shifted : null;
    }

    private static double epsilon(GraphView view, SameDiffOp normed) {
        return GraphView.number(shifted(view, normed));
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
