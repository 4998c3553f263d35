package org.patchdiffusion.model.engine;

import java.util.Comparator;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;

/**
 * What to execute: an ordinary static-shape SameDiff forward graph.
 *
 * <p>Axis 0 of every placeholder is the batch. Every {@code VARIABLE} of the graph is a parameter of the same name.
 *
 * @param sameDiff the forward graph; its gradient graph is not needed
 * @param parameters the values of its variables; read at each run, so an optimizer may change them in between
 * @param outputs names of the arrays that a run returns
 * @param loss name of the scalar to differentiate (a sum over the batch); null if only forward runs are wanted
 * @param dropouts the placeholders that hold dropout masks, in an order that never changes: it is part of what a mask is
 *     drawn from
 */
public record Graph(
        SameDiff sameDiff, Parameters parameters, List<String> outputs, String loss, List<Dropout> dropouts) {
    public Graph {
        outputs = List.copyOf(outputs);
        dropouts = List.copyOf(dropouts);
    }

    /** A graph whose placeholders are all given. */
    public Graph(SameDiff sameDiff, Parameters parameters, List<String> outputs, String loss) {
        this(sameDiff, parameters, outputs, loss, List.of());
    }

    /**
     * Anybody's graph: gathers its variables, in the order of their names, into one new flat buffer and makes them views
     * of it. SameDiff itself then sees what an optimizer does to the buffer.
     *
     * <p>Call it once for a SameDiff instance. For another loss or other outputs over the same parameters, use the
     * constructor with this graph's {@link #parameters}. Do it before SameDiff has built a gradient graph (by {@code fit},
     * say), which keeps arrays of its own.
     *
     * @param loss may be null
     * @throws IllegalArgumentException naming the variable if one is not float32 or has no value, or if there is none
     */
    public static Graph of(SameDiff sameDiff, List<String> outputs, String loss) {
        List<SDVariable> variables = sameDiff.variables().stream()
                .filter(v -> v.getVariableType() == VariableType.VARIABLE)
                .sorted(Comparator.comparing(SDVariable::name))
                .toList();
        if (variables.isEmpty()) {
            throw new IllegalArgumentException("the graph has no variable to train; make its weights with sd.var(...)");
        }
        ParameterLayout.Builder layout = ParameterLayout.builder();
        for (SDVariable variable : variables) {
            if (variable.dataType() != DataType.FLOAT || variable.getArr() == null) {
                throw new IllegalArgumentException("the graph's variable " + variable.name() + " is "
                        + variable.dataType() + (variable.getArr() == null ? " without a value" : "")
                        + "; an engine needs float32 values");
            }
            layout.add(variable.name(), variable.getShape());
        }
        Parameters parameters = Parameters.zeros(layout.build());
        // The default holder would copy every view that it is given.
        SingleThreadArrayHolder views = new SingleThreadArrayHolder();
        for (SDVariable variable : variables) {
            parameters.view(variable.name()).assign(variable.getArr());
            views.setArray(variable.name(), parameters.view(variable.name()));
        }
        sameDiff.setVariablesArrays(views);
        return new Graph(sameDiff, parameters, outputs, loss);
    }
}
