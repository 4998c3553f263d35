package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.bytedeco.dnnl.stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.DropoutDraws;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.GraphSignature;
import org.patchdiffusion.model.engine.generic.GenericPlan;

/**
 * A compiled graph. A run copies the inputs in, computes what depends on no parameter for the whole batch (the
 * prologue, a plan of ND4J operations), packs the weights, and lets every replica run its steps.
 */
final class CompiledProgram implements Profiled {
    private final Graph graph;
    private final GraphSignature signature;
    private final DropoutDraws draws;
    private final Workers workers;
    private final Map<String, INDArray> placeholders = new LinkedHashMap<>();
    private final Map<String, INDArray> outputs = new LinkedHashMap<>();
    private final GenericPlan prologue;
    private final FlatMemory parameters;
    private final ParameterFingerprint fingerprint;
    private final PackedWeights weights;
    private final List<Replica> replicas;
    private final int nativeThreads;
    private final List<ParameterLayout.Entry> untouched;
    private boolean closed;

    CompiledProgram(OneDnn oneDnn, Accuracy accuracy, Workers workers, Graph graph) {
        this.graph = graph;
        this.signature = GraphSignature.of(graph);
        this.draws = new DropoutDraws(graph.dropouts());
        this.workers = workers;
        List<String> wanted = new ArrayList<>(graph.outputs());
        if (graph.loss() != null && !wanted.contains(graph.loss())) {
            wanted.add(graph.loss());
        }
        signature.inputShapes().forEach((name, shape) -> placeholders.put(name, input(name, shape)));
        GraphView view = new GraphView(graph.sameDiff(), wanted);
        Set<String> frontier = view.frontier(wanted);
        prologue = GenericPlan.of(graph.sameDiff(), placeholders, frontier);
        Map<String, INDArray> arrays = new HashMap<>();
        Map<String, long[]> shapes = new HashMap<>();
        for (String name : frontier) {
            arrays.put(name, prologue.array(name));
            shapes.put(name, prologue.array(name).shape());
        }
        TypedGraph placed;
        long batch;
        try {
            batch = batchSize();
            TypedGraph typed = Fuser.run(GraphImporter.run(view, batch, shapes, graph.outputs(), graph.loss()));
            placed = LayoutPass.run(typed, oneDnn.lanes());
        } catch (RuntimeException e) {
            prologue.close();
            throw e;
        }
        placed.shapes().forEach((name, shape) -> arrays.put(name, Nd4j.create(DataType.FLOAT, shape)));
        graph.outputs().forEach(name -> outputs.put(name, arrays.get(name)));

        int count = (int) Math.min(workers.count(), batch);
        nativeThreads = workers.count() / count;
        parameters =
                new FlatMemory(graph.parameters().layout(), graph.parameters().flat());
        fingerprint = new ParameterFingerprint(parameters.floats());
        weights = new PackedWeights(oneDnn, parameters);
        try {
            replicas = onWorkers(count, i -> {
                int first = (int) (batch * i / count);
                int end = (int) (batch * (i + 1) / count);
                Replica.Share share = new Replica.Share(first, end - first);
                return Replica.compile(oneDnn, accuracy, placed, share, weights, parameters, arrays);
            });
        } catch (RuntimeException e) {
            weights.close();
            prologue.close();
            throw e;
        }
        untouched = parameters.layout().entries().stream()
                .filter(e -> !replicas.get(0).trained().contains(e.name()))
                .toList();
    }

    private INDArray input(String name, long[] shape) {
        if (graph.sameDiff().getVariable(name).dataType() != DataType.FLOAT) {
            throw new UnsupportedGraphException("the placeholder " + name + " is not of float32 numbers");
        }
        return Nd4j.create(DataType.FLOAT, shape);
    }

    private long batchSize() {
        long[] sizes = placeholders.values().stream()
                .filter(a -> a.rank() > 0)
                .mapToLong(a -> a.size(0))
                .distinct()
                .toArray();
        if (sizes.length != 1) {
            throw new UnsupportedGraphException(
                    "the placeholders do not share their first axis, the batch: " + Arrays.toString(sizes));
        }
        return sizes[0];
    }

    private <T> List<T> onWorkers(int count, IntFunction<T> task) {
        List<Callable<T>> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int index = i;
            tasks.add(() -> task.apply(index));
        }
        return workers.run(nativeThreads, tasks);
    }

    @Override
    public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
        return run(inputs, null);
    }

    @Override
    public Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients) {
        if (graph.loss() == null) {
            throw new IllegalStateException("the graph names no loss, so there is nothing to differentiate");
        }
        if (!gradients.layout().equals(parameters.layout()) || gradients.parts().size() < replicas.size()) {
            throw new IllegalArgumentException(
                    "the gradient buffers have another layout than the graph's parameters, or"
                            + " too few parts; make them with this engine's newGradients(parameters.layout())");
        }
        return run(inputs, gradients);
    }

    @Override
    public synchronized void draw(long seed, long step) {
        draws.draw(seed, step);
    }

    private synchronized Map<String, INDArray> run(Map<String, INDArray> inputs, Gradients gradients) {
        if (closed) {
            throw new IllegalStateException("the program is closed");
        }
        signature.requireInputs(inputs);
        draws.requireMasks(inputs);
        prepare(inputs);
        onWorkers(replicas.size(), i -> {
            replicas.get(i).run(gradients == null ? null : gradients.parts().get(i));
            return i;
        });
        if (gradients != null) {
            clearRest(gradients);
        }
        INDArray loss = graph.loss() == null ? null : outputs.get(graph.loss());
        if (loss != null) {
            loss.assign(replicas.stream().mapToDouble(Replica::loss).sum());
        }
        return outputs;
    }

    /**
     * Copies the inputs in, computes the prologue and packs the weights. All of it runs on the replicas' threads: a thread team of ND4J's own
     * would keep spinning beside them after the prologue.
     */
    private void prepare(Map<String, INDArray> inputs) {
        // Sampling runs a network many times between changes of its weights; training changes them every time.
        boolean fresh = graph.loss() == null && !fingerprint.changed();
        List<Consumer<stream>> fillers = fresh ? List.of() : weights.fillers();
        onWorkers(replicas.size(), i -> {
            if (i == 0) {
                inputs.forEach((name, array) -> placeholders.get(name).assign(array));
                draws.fill(inputs, placeholders);
                prologue.run();
            }
            for (int k = i; k < fillers.size(); k += replicas.size()) {
                fillers.get(k).accept(replicas.get(i).stream());
            }
            return i;
        });
    }

    /** Parts that no replica wrote, and parameters that the loss does not depend on, get zeros. */
    private void clearRest(Gradients gradients) {
        for (int i = 0; i < gradients.parts().size(); i++) {
            INDArray part = gradients.parts().get(i);
            if (i >= replicas.size()) {
                part.assign(0);
                continue;
            }
            for (ParameterLayout.Entry entry : untouched) {
                part.get(org.nd4j.linalg.indexing.NDArrayIndex.interval(
                                entry.offset(), entry.offset() + entry.length()))
                        .assign(0);
            }
        }
    }

    @Override
    public long bytes() {
        return replicas.stream().mapToLong(Replica::bytes).sum();
    }

    @Override
    public void profile(Profile profile) {
        replicas.get(0).profile(profile);
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            replicas.forEach(Replica::close);
            weights.close();
            prologue.close();
        }
    }
}
