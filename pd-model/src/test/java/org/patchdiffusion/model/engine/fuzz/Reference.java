package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.nd4j.autodiff.samediff.api.OutAndGrad;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A recipe in float64 by stock SameDiff. */
final class Reference {

    /** Stock SameDiff cannot run the graph, or its numbers are not finite. */
    static final class NotRunnableException extends Exception {
        private static final long serialVersionUID = 1L;

        NotRunnableException(String why, Throwable cause) {
            super(why, cause);
        }
    }

    private final Recipe.Built built;

    Reference(Recipe recipe) throws NotRunnableException {
        this(recipe, Noise.NONE);
    }

    /** In another precision. */
    Reference(Recipe recipe, DataType type) throws NotRunnableException {
        this(() -> recipe.build(type));
    }

    /** With noise behind every step: what rounding does, made visible. */
    Reference(Recipe recipe, Noise noise) throws NotRunnableException {
        this(() -> recipe.build(DataType.DOUBLE, noise));
    }

    private Reference(Supplier<Recipe.Built> builder) throws NotRunnableException {
        try {
            built = builder.get();
            if (built.loss() != null) {
                built.sd().setLossVariables(built.loss());
            }
        } catch (RuntimeException e) {
            throw notRunnable(e);
        }
        if (built.parameters().isEmpty()) {
            throw new NotRunnableException("no parameters", null);
        }
    }

    /**
     * Outputs, the loss among them, and behind them the gradient of each parameter if there is a loss; zeros where it does
     * not depend on one. Once only: SameDiff may give other numbers the second time.
     *
     * @param change of the parameters before the run
     */
    List<INDArray> run(UnaryOperator<INDArray> change) throws NotRunnableException {
        for (INDArray parameter : parameters()) {
            parameter.assign(change.apply(parameter));
        }
        try {
            return finite(built.loss() == null ? outputs() : outputsAndGradients());
        } catch (RuntimeException e) {
            throw notRunnable(e);
        }
    }

    /** The loss after a parameter moved by a step. */
    double loss(int parameter, INDArray step) {
        parameters().get(parameter).addi(step);
        return built.sd().output(built.inputs(), built.loss()).get(built.loss()).getDouble(0);
    }

    private List<INDArray> parameters() {
        return built.parameters().stream()
                .map(name -> built.sd().getVariable(name).getArr())
                .toList();
    }

    private List<INDArray> outputs() {
        return copies(built.sd().output(built.inputs(), built.outputs()), built.outputs());
    }

    private List<INDArray> outputsAndGradients() {
        OutAndGrad result =
                built.sd().calculateGradientsAndOutputs(built.inputs(), built.outputs(), built.parameters());
        List<INDArray> all = copies(result.getOutputs(), built.outputs());
        for (String name : built.parameters()) {
            INDArray gradient = result.getGradients().get(name);
            INDArray parameter = built.sd().getVariable(name).getArr();
            all.add(gradient == null ? parameter.mul(0) : gradient.dup('c'));
        }
        return all;
    }

    /** Root mean square of the value of each step. */
    List<Double> scales() {
        Map<String, INDArray> values = built.sd().output(built.inputs(), built.steps());
        return built.steps().stream()
                .map(values::get)
                .map(value -> value.norm2Number().doubleValue() / Math.sqrt(value.length()))
                .toList();
    }

    private static List<INDArray> copies(Map<String, INDArray> byName, List<String> names) {
        List<INDArray> copies = new ArrayList<>();
        for (String name : names) {
            copies.add(byName.get(name).dup('c'));
        }
        return copies;
    }

    private static List<INDArray> finite(List<INDArray> arrays) throws NotRunnableException {
        for (INDArray array : arrays) {
            double norm = array.norm2Number().doubleValue();
            if (!(norm < 1e8)) {
                throw new NotRunnableException("numbers too large: " + norm, null);
            }
        }
        return arrays;
    }

    private static NotRunnableException notRunnable(RuntimeException e) {
        String message = String.valueOf(e.getMessage());
        return new NotRunnableException(
                message.lines().findFirst().orElse("") + " (" + e.getClass().getSimpleName() + ")", e);
    }
}
