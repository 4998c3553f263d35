package org.patchdiffusion.model.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.api.OutAndGrad;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * {@code SameDiff.output} and {@code SameDiff.calculateGradientsAndOutputs} on the current parameters. A run holds the
 * lock of the SameDiff instance, since other programs may run the same graph.
 */
final class SameDiffProgram implements Program {
    private final Graph graph;
    private final Lifetime engine;
    private final GraphSignature signature;
    private final DropoutDraws draws;
    private final Map<String, INDArray> masks = new HashMap<>();
    private final GradientWriter writer;
    private boolean closed;

    SameDiffProgram(Graph graph, Lifetime engine) {
        this.graph = graph;
        this.engine = engine;
        this.signature = GraphSignature.of(graph);
        this.draws = new DropoutDraws(graph.dropouts());
        this.writer = new GradientWriter(graph.parameters().layout());
        if (graph.loss() != null) {
            GradientGraph.of(graph, signature.parameters());
        }
    }

    @Override
    public Map<String, INDArray> forward(Map<String, INDArray> given) {
        synchronized (graph.sameDiff()) {
            return graph.sameDiff().output(prepare(given), graph.outputs());
        }
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
        synchronized (graph.sameDiff()) {
            Map<String, INDArray> inputs = prepare(given);
            // Another program may have set another loss since.
            GradientGraph.of(graph, signature.parameters());
            OutAndGrad result =
                    graph.sameDiff().calculateGradientsAndOutputs(inputs, graph.outputs(), signature.parameters());
            Map<String, INDArray> byParameter = result.getGradients();
            target.accept(parameter -> Optional.ofNullable(byParameter.get(parameter)));
            return result.getOutputs();
        }
    }

    private Map<String, INDArray> prepare(Map<String, INDArray> given) {
        if (closed) {
            throw new IllegalStateException("the program is closed");
        }
        engine.requireOpen();
        signature.requireInputs(given);
        draws.requireMasks(given);
        push(graph.sameDiff());
        if (graph.sameDiff().hasGradientFunction()) {
            push(graph.sameDiff().getFunction("grad"));
        }
        Map<String, INDArray> inputs = rowMajor(given);
        addMasks(inputs);
        return inputs;
    }

    private void addMasks(Map<String, INDArray> inputs) {
        Map<String, long[]> shapes = signature.inputShapes();
        for (Dropout dropout : graph.dropouts()) {
            String name = dropout.placeholder();
            masks.computeIfAbsent(name, n -> Nd4j.create(DataType.FLOAT, shapes.get(n)));
        }
        draws.fill(inputs, masks);
        masks.forEach(inputs::putIfAbsent);
    }

    @Override
    public void draw(long seed, long step, int firstImage) {
        draws.draw(seed, step, firstImage);
    }

    /** From other inputs SameDiff may return arrays that look right and fail in later operations, such as casts. */
    private static Map<String, INDArray> rowMajor(Map<String, INDArray> given) {
        Map<String, INDArray> inputs = new HashMap<>(given);
        inputs.replaceAll((name, array) -> isRowMajor(array) ? array : array.dup('c'));
        return inputs;
    }

    private static boolean isRowMajor(INDArray array) {
        return array.ordering() == 'c' && Arrays.equals(array.stride(), Nd4j.getStrides(array.shape(), 'c'));
    }

    /** SameDiff copies an array that is a view of another unless told otherwise, so the values may have to follow. */
    private void push(SameDiff sameDiff) {
        for (String name : signature.parameters()) {
            INDArray own = sameDiff.getVariable(name).getArr();
            INDArray current = graph.parameters().view(name);
            if (own.data().address() != current.data().address()) {
                own.assign(current);
            }
        }
    }

    @Override
    public long bytes() {
        return 0;
    }

    @Override
    public void close() {
        closed = true;
        masks.values().forEach(INDArray::close);
        masks.clear();
    }
}
