package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.bytedeco.dnnl.stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.DropoutDraws;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.GraphSignature;
import org.patchdiffusion.model.engine.Profile;
import org.patchdiffusion.model.engine.Profiled;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Part;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * A compiled graph. A run copies the inputs in, computes the prologue, packs the weights, and lets every replica run its
 * steps, segment by segment where parts of ND4J operations stand between.
 */
public final class CompiledProgram implements Profiled {

    /**
     * What a program is made of.
     *
     * @param draws what dropout masks are drawn from
     * @param resources owns everything that is not on the heap
     */
    public record Parts(
            Graph graph,
            TypedGraph typed,
            Prologue prologue,
            SharedArrays arrays,
            FlatMemory parameters,
            PackedWeights weights,
            DropoutDraws draws,
            List<Replica> replicas,
            Workers workers,
            SharedMemory shared,
            Resources resources) {}

    private final Parts parts;
    private final GraphSignature signature;
    private final ParameterFingerprint fingerprint;
    private final Map<String, INDArray> outputs = new LinkedHashMap<>();
    private final Map<String, INDArray> sums = new LinkedHashMap<>();
    private final List<String> untouched;
    private final int nativeThreads;
    private boolean closed;

    /** A program that takes over its parts. */
    public CompiledProgram(Parts parts) {
        this.parts = parts;
        this.signature = GraphSignature.of(parts.graph());
        this.fingerprint = new ParameterFingerprint(parts.parameters().floats());
        this.nativeThreads = nativeThreads(parts.workers(), parts.replicas().size());
        parts.typed().outputs().forEach((name, value) -> {
            if (value.kind() == Value.Kind.SUM) {
                INDArray sum = sums.computeIfAbsent(value.name(), n -> Nd4j.scalar(DataType.FLOAT, 0));
                outputs.put(name, sum);
            } else {
                outputs.put(name, parts.arrays().output(value));
            }
        });
        Set<String> trained = trained(parts.typed());
        untouched = parts.graph().parameters().layout().entries().stream()
                .map(ParameterLayout.Entry::name)
                .filter(name -> !trained.contains(name))
                .toList();
    }

    /** Threads that native code may use inside each of some replicas. */
    public static int nativeThreads(Workers workers, int replicas) {
        return workers.count() / replicas;
    }

    /** Parameters whose gradient the replicas write. */
    private static Set<String> trained(TypedGraph graph) {
        Set<String> trained = new HashSet<>();
        for (Node node : graph.nodes()) {
            if (!(node instanceof Part.Gradient)) {
                trained.addAll(node.trained());
            }
        }
        return trained;
    }

    @Override
    public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
        return run(inputs, null, false);
    }

    @Override
    public Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients) {
        requireFit(gradients, parts.replicas().size());
        return run(inputs, gradients, false);
    }

    @Override
    public Map<String, INDArray> accumulate(Map<String, INDArray> inputs, Gradients gradients) {
        requireFit(gradients, parts.replicas().size() + 1);
        return run(inputs, gradients, true);
    }

    private void requireFit(Gradients gradients, int leastParts) {
        if (parts.graph().loss() == null) {
            throw new IllegalStateException("the graph names no loss, so there is nothing to differentiate");
        }
        if (!gradients.layout().equals(parts.parameters().layout())
                || gradients.parts().size() < leastParts) {
            throw new IllegalArgumentException(
                    "the gradient buffers have another layout than the graph's parameters, or"
                            + " too few parts; make them with this engine's newGradients(parameters.layout()), or"
                            + " newAccumulator to add to them");
        }
        gradients.requireOpen();
    }

    @Override
    public void draw(long seed, long step, int firstImage) {
        synchronized (parts.shared()) {
            parts.draws().draw(seed, step, firstImage);
        }
    }

    private Map<String, INDArray> run(Map<String, INDArray> inputs, Gradients gradients, boolean add) {
        // Programs that share memory take turns.
        synchronized (parts.shared()) {
            return runAlone(inputs, gradients, add);
        }
    }

    private Map<String, INDArray> runAlone(Map<String, INDArray> inputs, Gradients gradients, boolean add) {
        if (closed) {
            throw new IllegalStateException("the program is closed");
        }
        signature.requireInputs(inputs);
        parts.draws().requireMasks(Map.of());
        if (add) {
            gather(gradients.parts());
        }
        prepare(inputs);
        List<Replica> replicas = parts.replicas();
        if (gradients != null) {
            for (int i = 0; i < replicas.size(); i++) {
                replicas.get(i).attach(gradients.parts().get(i));
            }
        }
        int end = replicas.get(0).segments(gradients != null);
        for (int first = 0; first < end; ) {
            first = runStretch(first, end);
        }
        if (gradients != null) {
            complete(gradients, add);
        }
        boolean finite = true;
        for (Map.Entry<String, INDArray> sum : sums.entrySet()) {
            double total =
                    replicas.stream().mapToDouble(r -> r.sum(sum.getKey())).sum();
            sum.getValue().assign(total);
            finite &= Double.isFinite(total);
        }
        if (!finite) {
            parts.shared().clear();
        }
        return outputs;
    }

    /** Runs segments up to one behind which the replicas have to wait, and what they wait for. */
    private int runStretch(int first, int end) {
        int last = first;
        while (last + 1 < end && parts.arrays().between(last) == null) {
            last++;
        }
        int from = first;
        int to = last;
        onReplicas(i -> {
            for (int segment = from; segment <= to; segment++) {
                parts.replicas().get(i).run(segment);
            }
        });
        Runnable between = parts.arrays().between(last);
        if (between != null) {
            onFirst(between);
        }
        return last + 1;
    }

    /** On a replica's thread: a thread team of ND4J's own would keep spinning beside the replicas afterwards. */
    private void onFirst(Runnable work) {
        parts.workers().run(nativeThreads, List.of(() -> {
            work.run();
            return 0;
        }));
    }

    private void onReplicas(IntConsumer work) {
        List<Callable<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < parts.replicas().size(); i++) {
            int index = i;
            tasks.add(() -> {
                work.accept(index);
                return index;
            });
        }
        parts.workers().run(nativeThreads, tasks);
    }

    /** Adds all parts to the last one, since the replicas are about to write over the others. */
    private void gather(List<INDArray> gradient) {
        INDArray total = gradient.get(gradient.size() - 1);
        long length = total.length();
        int replicas = parts.replicas().size();
        onReplicas(i -> {
            long from = length * i / replicas;
            long to = length * (i + 1) / replicas;
            for (int p = 0; from < to && p < gradient.size() - 1; p++) {
                total.get(NDArrayIndex.interval(from, to)).addi(gradient.get(p).get(NDArrayIndex.interval(from, to)));
            }
        });
    }

    /** Copies the inputs in, computes the prologue and packs the weights, all of it on the replicas' threads. */
    private void prepare(Map<String, INDArray> inputs) {
        // Sampling runs a network many times between changes of its weights; training changes them every time.
        boolean training = parts.graph().loss() != null;
        boolean stale = training || fingerprint.changed();
        List<Consumer<stream>> fillers = stale ? parts.weights().fillers() : List.of();
        if (stale) {
            fingerprint.forget();
        }
        int replicas = parts.replicas().size();
        onReplicas(i -> {
            if (i == 0) {
                parts.prologue().run(inputs);
            }
            for (int k = i; k < fillers.size(); k += replicas) {
                fillers.get(k).accept(parts.replicas().get(i).stream());
            }
        });
        if (stale && !training) {
            fingerprint.accept();
        }
    }

    /** Zeros where no replica wrote, and the gradients that parts computed. */
    private void complete(Gradients gradients, boolean add) {
        int written = gradients.parts().size() - (add ? 1 : 0);
        for (int i = 0; i < written; i++) {
            INDArray part = gradients.parts().get(i);
            if (i >= parts.replicas().size()) {
                part.assign(0);
                continue;
            }
            Parameters views = new Parameters(gradients.layout(), part);
            untouched.forEach(name -> views.view(name).assign(0));
        }
        Parameters first = new Parameters(gradients.layout(), gradients.parts().get(0));
        parts.arrays().parameterGradients().forEach((name, found) -> {
            INDArray target = first.view(name);
            found.forEach(gradient -> target.addi(gradient));
        });
    }

    /** Bytes of what this program does not share: its inputs, outputs, and what it computes before the replicas run. */
    public long ownBytes() {
        return parts.prologue().bytes() + parts.arrays().bytes();
    }

    /** Bytes of what it shares with the programs that were compiled with it. */
    public long sharedBytes() {
        return parts.shared().bytes();
    }

    @Override
    public long bytes() {
        return ownBytes() + sharedBytes();
    }

    @Override
    public void profile(Profile profile) {
        parts.replicas().get(0).profile(profile);
    }

    @Override
    public List<String> foreignOps() {
        return parts.typed().nodes().stream()
                .filter(Part.class::isInstance)
                .flatMap(node -> ((Part) node).ops().stream())
                .toList();
    }

    @Override
    public void close() {
        synchronized (parts.shared()) {
            if (!closed) {
                closed = true;
                parts.resources().close();
                sums.values().forEach(INDArray::close);
            }
        }
    }
}
