package org.patchdiffusion.model.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.generic.GenericPlan;

/** A forward and a backward plan over the same input buffers and parameters. */
final class GenericProgram implements Program {
    private final Graph graph;
    private final Lifetime engine;
    private final GraphSignature signature;
    private final DropoutDraws draws;
    private final Map<String, INDArray> inputs = new LinkedHashMap<>();
    private final Map<String, INDArray> fed = new LinkedHashMap<>();
    private final GradientWriter writer;

    /** Null until the first forward run if the graph has a loss: most such programs never run forward alone. */
    private GenericPlan forward;

    private GradientGraph gradientGraph;
    private GenericPlan backward;
    private boolean closed;

    GenericProgram(Graph graph, Lifetime engine) {
        this.graph = graph;
        this.engine = engine;
        this.signature = GraphSignature.of(graph);
        this.draws = new DropoutDraws(graph.dropouts());
        this.writer = new GradientWriter(graph.parameters().layout());
        try {
            signature
                    .inputShapes()
                    .forEach((name, shape) -> inputs.put(name, Nd4j.create(signature.inputType(name), shape)));
            fed.putAll(inputs);
            signature
                    .parameters()
                    .forEach(name -> fed.put(name, graph.parameters().view(name)));
            if (graph.loss() == null) {
                forward = GenericPlan.of(graph.sameDiff(), fed, graph.outputs());
            } else {
                planBackward();
            }
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    private void planBackward() {
        gradientGraph = GradientGraph.of(graph, signature.parameters());
        SameDiff sameDiff = gradientGraph.sameDiff();
        Map<String, INDArray> known = new LinkedHashMap<>(fed);
        for (SDVariable variable : sameDiff.variables()) {
            // SameDiff keeps d loss / d loss = 1 in a variable of its own.
            if (variable.getVariableType() == VariableType.VARIABLE) {
                known.putIfAbsent(variable.name(), variable.getArr());
            }
        }
        List<String> wanted = new ArrayList<>(graph.outputs());
        wanted.add(graph.loss());
        wanted.addAll(gradientGraph.gradients().values());
        backward = GenericPlan.of(sameDiff, known, wanted);
        if (backward.array(graph.loss()).length() != 1) {
            throw new IllegalArgumentException("the loss " + graph.loss() + " has the shape "
                    + backward.array(graph.loss()).shapeInfoToString() + "; only a scalar can be differentiated");
        }
    }

    @Override
    public Map<String, INDArray> forward(Map<String, INDArray> given) {
        bind(given);
        if (forward == null) {
            forward = GenericPlan.of(graph.sameDiff(), fed, graph.outputs());
        }
        forward.run();
        return outputs(forward);
    }

    @Override
    public Map<String, INDArray> backward(Map<String, INDArray> given, Gradients gradients) {
        return differentiate(given, gradient -> writer.write(gradients, gradient));
    }

    @Override
    public Map<String, INDArray> accumulate(Map<String, INDArray> given, Gradients gradients) {
        return differentiate(given, gradient -> writer.add(gradients, gradient));
    }

    private Map<String, INDArray> differentiate(
            Map<String, INDArray> given, Consumer<Function<String, Optional<INDArray>>> target) {
        if (graph.loss() == null) {
            throw new IllegalStateException("the graph names no loss, so there is nothing to differentiate");
        }
        bind(given);
        backward.run();
        Map<String, String> names = gradientGraph.gradients();
        target.accept(parameter -> Optional.ofNullable(names.get(parameter)).map(backward::array));
        return outputs(backward);
    }

    private void bind(Map<String, INDArray> given) {
        if (closed) {
            throw new IllegalStateException("the program is closed");
        }
        engine.requireOpen();
        signature.requireInputs(given);
        draws.requireMasks(given);
        given.forEach((name, array) -> inputs.get(name).assign(array));
        draws.fill(given, inputs);
    }

    @Override
    public void draw(long seed, long step, int firstImage) {
        draws.draw(seed, step, firstImage);
    }

    private Map<String, INDArray> outputs(GenericPlan plan) {
        Map<String, INDArray> outputs = new LinkedHashMap<>();
        graph.outputs().forEach(name -> outputs.put(name, plan.array(name)));
        return outputs;
    }

    @Override
    public long bytes() {
        long plans = (forward == null ? 0 : forward.bytes()) + (backward == null ? 0 : backward.bytes());
        return plans
                + inputs.values().stream()
                        .mapToLong(a -> a.length() * a.dataType().width())
                        .sum();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (forward != null) {
            forward.close();
        }
        if (backward != null) {
            backward.close();
        }
        inputs.values().forEach(INDArray::close);
    }
}
