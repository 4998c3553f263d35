package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.api.OutAndGrad;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
    private final List<INDArray> initial;

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
            initial = built.parameters().stream()
                    .map(name -> built.sd().getVariable(name).getArr().dup('c'))
                    .toList();
            if (built.loss() != null) {
                built.sd().setLossVariables(built.loss());
            }
        } catch (RuntimeException e) {
            throw notRunnable(e);
        }
        if (initial.isEmpty()) {
            throw new NotRunnableException("no parameters", null);
        }
    }

    /** The outputs, the loss among them if there is one, in the order of the built graph. */
    List<INDArray> outputs() throws NotRunnableException {
        return outputs(initial);
    }

    /** The same with other values of the parameters. */
    List<INDArray> outputs(List<INDArray> parameters) throws NotRunnableException {
        SameDiff sd = built.sd();
        for (int i = 0; i < parameters.size(); i++) {
            sd.getVariable(built.parameters().get(i)).getArr().assign(parameters.get(i));
        }
        try {
            return finite(copies(sd.output(built.inputs(), built.outputs()), built.outputs()));
        } catch (RuntimeException e) {
            throw notRunnable(e);
        }
    }

    /** Outputs, and behind them the gradient of each parameter; zeros where the loss does not depend on it. */
    List<INDArray> outputsAndGradients() throws NotRunnableException {
        List<INDArray> all;
        try {
            OutAndGrad result =
                    built.sd().calculateGradientsAndOutputs(built.inputs(), built.outputs(), built.parameters());
            all = copies(result.getOutputs(), built.outputs());
            for (int i = 0; i < initial.size(); i++) {
                INDArray gradient = result.getGradients().get(built.parameters().get(i));
                all.add(
                        gradient == null
                                ? Nd4j.zeros(
                                        initial.get(i).dataType(),
                                        initial.get(i).shape())
                                : gradient.dup('c'));
            }
        } catch (RuntimeException e) {
            throw notRunnable(e);
        }
        return finite(all);
    }

    /** Root mean square of the value of each step. */
    List<Double> scales() {
        Map<String, INDArray> values = built.sd().output(built.inputs(), built.steps());
        return built.steps().stream()
                .map(values::get)
                .map(value -> value.norm2Number().doubleValue() / Math.sqrt(value.length()))
                .toList();
    }

    List<INDArray> initialParameters() {
        return initial;
    }

    int lossPosition() {
        return built.outputs().indexOf(built.loss());
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
