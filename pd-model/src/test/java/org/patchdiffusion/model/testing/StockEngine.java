package org.patchdiffusion.model.testing;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;

/** Runs graphs by {@code SameDiff.output} and {@code calculateGradients}, as any user of SameDiff would. */
public final class StockEngine implements Engine {

    @Override
    public String name() {
        return "stock";
    }

    @Override
    public Gradients newGradients(ParameterLayout layout) {
        return Gradients.zeros(layout, 1);
    }

    @Override
    public Program compile(Graph graph) {
        return new Program() {
            @Override
            public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
                return graph.sameDiff().output(inputs, graph.outputs());
            }

            @Override
            public Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients) {
                String[] names = graph.parameters().layout().entries().stream()
                        .filter(ParameterLayout.Entry::trained)
                        .map(ParameterLayout.Entry::name)
                        .toArray(String[]::new);
                Map<String, INDArray> computed = graph.sameDiff().calculateGradients(inputs, names);
                Parameters views =
                        new Parameters(gradients.layout(), gradients.parts().get(0));
                computed.forEach((name, value) -> views.view(name).assign(value));
                return forward(inputs);
            }

            @Override
            public void close() {}
        };
    }
}
