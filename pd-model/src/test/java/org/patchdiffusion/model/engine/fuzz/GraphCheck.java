package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;

/**
 * Runs one recipe on engines and compares every tensor with float64.
 *
 * <p>A tensor may miss its bar only as far as float32 arithmetic explains: the reference is then run again with noise of
 * the size of the engine's rounding behind every step, and the error may be a few times what that noise does.
 */
final class GraphCheck {
    private static final double NOISE_MARGIN = 8;

    private final Recipe recipe;
    private final Expectation expected;
    private final Recipe.Built built;
    private final Graph graph;
    private final List<Finding> findings = new ArrayList<>();
    private final List<String> compiled = new ArrayList<>();

    /** Null if there is a loss, or if the other values make a root of something negative. */
    private final Expectation changed;

    private int relaxed;
    private int stockIsWrong;

    GraphCheck(Recipe recipe) throws Reference.NotRunnableException {
        this.recipe = recipe;
        expected = new Expectation(recipe, p -> p);
        changed = recipe.loss() == null ? afterChange(recipe) : null;
        built = recipe.build(DataType.FLOAT);
        graph = Graph.of(built.sd(), built.outputs(), built.loss());
    }

    private static Expectation afterChange(Recipe recipe) {
        try {
            return new Expectation(recipe, change(recipe));
        } catch (Reference.NotRunnableException e) {
            return null;
        }
    }

    /** What happens to the parameters between two runs: a function of the recipe. */
    private static UnaryOperator<INDArray> change(Recipe recipe) {
        boolean wide = recipe.steps().stream().anyMatch(step -> Sketch.isParameter(step) && step.elements() > 1000);
        return switch (Math.floorMod(recipe.label().hashCode(), 4)) {
            case 0 -> p -> p.mul(0.9);
            case 1 -> GraphCheck::reversed;
                // Only large parameters: what many negated signs do to a checksum, one more number would undo.
            default -> p -> !wide || p.length() > 1000 ? p.neg() : p.dup('c');
        };
    }

    private static INDArray reversed(INDArray p) {
        double[] values = p.dup('c').ravel().toDoubleVector();
        double[] turned = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            turned[i] = values[values.length - 1 - i];
        }
        return Nd4j.createFromArray(turned).reshape('c', p.shape()).castTo(p.dataType());
    }

    List<Finding> findings() {
        return findings;
    }

    /** Names of the engines whose program was really compiled. */
    List<String> compiled() {
        return compiled;
    }

    /** How many tensors needed the allowance for cancellation. */
    int relaxed() {
        return relaxed;
    }

    /** How many tensors stock SameDiff itself has wrong, in one of its precisions. */
    int stockIsWrong() {
        return stockIsWrong;
    }

    GraphCheck run(List<Candidate> candidates) {
        candidates.forEach(this::run);
        return this;
    }

    private void run(Candidate candidate) {
        guarded(candidate, recipe.loss() == null ? "forward" : "backward", () -> {
            if (recipe.loss() == null) {
                forward(candidate, graph, changed);
            } else {
                backward(candidate);
                Graph inference = new Graph(graph.sameDiff(), graph.parameters(), graph.outputs(), null);
                forward(candidate, inference, null);
            }
            return null;
        });
    }

    private void guarded(Candidate candidate, String phase, Supplier<Void> action) {
        try {
            action.get();
        } catch (RuntimeException | StackOverflowError e) {
            if (expected.stock().isEmpty()) {
                return;
            }
            String where = e.getStackTrace().length == 0 ? "" : e.getStackTrace()[0].toString();
            findings.add(new Finding(candidate.name(), phase, e.toString(), Double.POSITIVE_INFINITY, 0, where));
        }
    }

    private void forward(Candidate candidate, Graph inference, Expectation after) {
        try (Program program = candidate.engine().compile(inference)) {
            if (recipe.loss() == null && EngineProbe.isCompiled(program)) {
                compiled.add(candidate.name());
            }
            List<INDArray> first = copies(program.forward(built.inputs()));
            compare(candidate, "forward", expected, first);
            same(candidate, "forward again", first, copies(program.forward(built.inputs())));
            if (after != null) {
                afterChange(candidate, program, after);
            }
        }
    }

    private void afterChange(Candidate candidate, Program program, Expectation after) {
        INDArray before = graph.parameters().flat().dup();
        try {
            for (ParameterLayout.Entry entry : graph.parameters().layout().entries()) {
                INDArray view = graph.parameters().view(entry.name());
                view.assign(change(recipe).apply(view));
            }
            compare(
                    candidate,
                    "forward after a change of the parameters",
                    after,
                    copies(program.forward(built.inputs())));
        } finally {
            graph.parameters().flat().assign(before);
        }
    }

    private void backward(Candidate candidate) {
        Gradients gradients = candidate.engine().newGradients(graph.parameters().layout());
        gradients.parts().forEach(part -> part.assign(Float.NaN));
        try (Program program = candidate.engine().compile(graph)) {
            if (EngineProbe.isCompiled(program)) {
                compiled.add(candidate.name());
            }
            List<INDArray> first = copies(program.backward(built.inputs(), gradients));
            addGradients(first, gradients);
            compare(candidate, "backward", expected, first);
            List<INDArray> second = copies(program.backward(built.inputs(), gradients));
            addGradients(second, gradients);
            same(candidate, "backward again", first, second);
            compare(candidate, "forward of the training program", expected, copies(program.forward(built.inputs())));
        } finally {
            gradients.parts().forEach(INDArray::close);
        }
    }

    private List<INDArray> copies(Map<String, INDArray> outputs) {
        List<INDArray> copies = new ArrayList<>();
        built.outputs().forEach(name -> copies.add(outputs.get(name).dup('c')));
        return copies;
    }

    private void addGradients(List<INDArray> to, Gradients gradients) {
        INDArray sum = gradients.sum();
        for (String name : built.parameters()) {
            ParameterLayout.Entry entry = graph.parameters().layout().get(name);
            float[] values = sum.get(NDArrayIndex.interval(entry.offset(), entry.offset() + entry.length()))
                    .toFloatVector();
            to.add(Nd4j.createFromArray(values).reshape('c', entry.shape()));
        }
        sum.close();
    }

    private void same(Candidate candidate, String phase, List<INDArray> first, List<INDArray> second) {
        for (int i = 0; i < first.size(); i++) {
            if (!Arrays.equals(floats(first.get(i)), floats(second.get(i)))) {
                double error = error(first.get(i).castTo(DataType.DOUBLE), second.get(i));
                findings.add(new Finding(candidate.name(), phase, name(i), error, 0, "other bits than the first run"));
            }
        }
    }

    private String name(int position) {
        int outputs = built.outputs().size();
        return position < outputs
                ? "output " + built.outputs().get(position)
                : "gradient of " + built.parameters().get(position - outputs);
    }

    private void compare(Candidate candidate, String phase, Expectation expectation, List<INDArray> got) {
        for (int i = 0; i < got.size(); i++) {
            INDArray want = expectation.wanted().get(i);
            if (!Arrays.equals(want.shape(), got.get(i).shape())) {
                String shapes = Arrays.toString(got.get(i).shape()) + " instead of " + Arrays.toString(want.shape());
                findings.add(new Finding(candidate.name(), phase, name(i), Double.POSITIVE_INFINITY, 0, shapes));
            } else {
                compare(candidate, phase, expectation, i, got.get(i));
            }
        }
    }

    private void compare(Candidate candidate, String phase, Expectation expectation, int position, INDArray got) {
        boolean gradient = position >= built.outputs().size();
        double bar = gradient ? candidate.gradientBar() : candidate.outputBar();
        INDArray want = expectation.wanted().get(position);
        double norm = norm(want);
        double error = norm(want.sub(got.castTo(DataType.DOUBLE)));
        if (error <= bar * norm || gradient && error <= negligible(candidate)) {
            return;
        }
        double noise = expectation.noise(candidate.rounding(), position);
        if (error <= NOISE_MARGIN * noise) {
            relaxed++;
            return;
        }
        List<INDArray> stock = expectation.stock();
        if (!stock.isEmpty() && error(stock.get(position).castTo(DataType.DOUBLE), got) < bar) {
            stockIsWrong++;
            return;
        }
        String detail = String.format("|got - want| %.3e, |want| %.3e, rounding %.1e", error, norm, noise);
        if (gradient && Double.isFinite(error)) {
            FiniteDifference.Verdict verdict =
                    FiniteDifference.judge(recipe, position - built.outputs().size(), want, got);
            if (verdict.engineIsRight()) {
                stockIsWrong++;
                return;
            }
            detail += "; " + verdict;
        }
        double relative = norm == 0 ? Double.MAX_VALUE : error / norm;
        findings.add(new Finding(candidate.name(), phase, name(position), relative, bar, detail));
    }

    /** A gradient of which a step of size 1 moves the loss by less than a hundredth of its own rounding. */
    private double negligible(Candidate candidate) {
        INDArray loss = expected.wanted().get(built.outputs().indexOf(built.loss()));
        return 0.01 * candidate.rounding() * Math.abs(loss.getDouble(0));
    }

    private static float[] floats(INDArray array) {
        return array.dup('c').ravel().toFloatVector();
    }

    private static double error(INDArray want, INDArray got) {
        return norm(want.sub(got.castTo(DataType.DOUBLE))) / norm(want);
    }

    private static double norm(INDArray array) {
        return array.norm2Number().doubleValue();
    }
}
