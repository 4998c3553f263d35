package org.patchdiffusion.model.engine;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * SameDiff's own gradient graph, which contains the forward graph as well.
 *
 * @param sameDiff forward and backward ops
 * @param gradients name of the gradient variable of each parameter that influences the loss
 */
record GradientGraph(SameDiff sameDiff, Map<String, String> gradients) {

    /** Builds it, or takes the one that the graph already has for this loss. */
    static GradientGraph of(Graph graph, List<String> parameters) {
        SameDiff forward = graph.sameDiff();
        // Programs of one graph may be compiled at the same time.
        synchronized (forward) {
            return build(graph, forward, parameters);
        }
    }

    private static GradientGraph build(Graph graph, SameDiff forward, List<String> parameters) {
        if (!forward.getLossVariables().equals(List.of(graph.loss()))) {
            forward.setLossVariables(graph.loss());
        }
        if (!forward.hasGradientFunction()) {
            forward.createGradFunction();
        }
        Map<String, String> gradients = new TreeMap<>();
        for (String parameter : parameters) {
            Optional.ofNullable(forward.getVariable(parameter).getGradient())
                    .map(SDVariable::name)
                    .ifPresent(gradient -> gradients.put(parameter, gradient));
        }
        return new GradientGraph(forward.getFunction("grad"), gradients);
    }
}
