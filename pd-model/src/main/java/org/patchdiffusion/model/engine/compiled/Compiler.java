package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.FloatPointer;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Dropout;
import org.patchdiffusion.model.engine.DropoutDraws;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.lower.Lowering;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.pass.ChooseLayouts;
import org.patchdiffusion.model.engine.compiled.pass.Differentiate;
import org.patchdiffusion.model.engine.compiled.pass.Fuse;
import org.patchdiffusion.model.engine.compiled.pass.JoinParts;
import org.patchdiffusion.model.engine.compiled.read.GraphReader;
import org.patchdiffusion.model.engine.compiled.read.GraphView;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;
import org.patchdiffusion.model.engine.compiled.run.FlatMemory;
import org.patchdiffusion.model.engine.compiled.run.PackedWeights;
import org.patchdiffusion.model.engine.compiled.run.Prologue;
import org.patchdiffusion.model.engine.compiled.run.Replica;
import org.patchdiffusion.model.engine.compiled.run.Resources;
import org.patchdiffusion.model.engine.compiled.run.SharedArrays;
import org.patchdiffusion.model.engine.compiled.run.Workers;

/**
 * The compiler: from a static-shape SameDiff graph to a prepared run. {@link #stages} is the list of its stages, each a
 * function from graph to graph with a class of its own; {@link #replica} lowers the result for each core and plans its memory.
 */
final class Compiler {
    private final OneDnn oneDnn;
    private final Accuracy accuracy;
    private final Workers workers;

    Compiler(OneDnn oneDnn, Accuracy accuracy, Workers workers) {
        this.oneDnn = oneDnn;
        this.accuracy = accuracy;
        this.workers = workers;
    }

    /**
     * Compiles a graph. What has no fast form on this machine becomes a part that ND4J runs, and the stages start again.
     *
     * @throws UnsupportedGraphException if the graph cannot be compiled at all, saying why
     */
    CompiledProgram compile(Graph graph) {
        Set<String> refused = new HashSet<>();
        while (true) {
            Resources resources = new Resources();
            try {
                return compile(graph, refused, resources);
            } catch (UnsupportedGraphException e) {
                resources.close();
                boolean another =
                        e.variable() != null && graph.sameDiff().hasVariable(e.variable()) && refused.add(e.variable());
                if (!another) {
                    throw e;
                }
            } catch (RuntimeException | Error e) {
                resources.close();
                throw e;
            }
        }
    }

    private CompiledProgram compile(Graph graph, Set<String> refused, Resources resources) {
        GraphView view = new GraphView(graph.sameDiff(), wanted(graph));
        Set<String> drawn = drawn(graph);
        Set<String> frontier = view.frontier(wanted(graph));
        frontier.removeAll(drawn);
        Prologue prologue = Prologue.of(graph, frontier, drawn);
        resources.own(prologue, prologue::close);
        TypedGraph typed = stages(graph, view, prologue, refused);
        SharedArrays arrays = SharedArrays.of(typed, graph, prologue.frontier());
        resources.own(arrays, arrays::close);
        FlatMemory parameters =
                new FlatMemory(graph.parameters().layout(), graph.parameters().flat());
        PackedWeights weights = new PackedWeights(oneDnn, parameters);
        resources.own(weights, weights::close);
        DropoutDraws draws = new DropoutDraws(graph.dropouts());
        List<Replica> replicas =
                replicas((int) Math.min(workers.count(), prologue.batch()), prologue.batch(), share -> {
                    Replica replica = replica(typed, share, arrays, weights, parameters, draws);
                    return resources.own(replica, replica::close);
                });
        return new CompiledProgram(new CompiledProgram.Parts(
                graph, typed, prologue, arrays, parameters, weights, draws, replicas, workers, resources));
    }

    /** Read, fuse, differentiate, fuse again now that the backward pass is there, choose layouts. */
    private TypedGraph stages(Graph graph, GraphView view, Prologue prologue, Set<String> refused) {
        TypedGraph typed = GraphReader.read(view, prologue.batch(), prologue.frontier(), graph, refused);
        typed = Fuse.run(typed);
        typed = JoinParts.run(typed);
        typed = Differentiate.run(typed);
        typed = Fuse.run(typed);
        return ChooseLayouts.run(typed, oneDnn.lanes());
    }

    private static List<String> wanted(Graph graph) {
        List<String> wanted = new ArrayList<>(graph.outputs());
        if (graph.loss() != null && !wanted.contains(graph.loss())) {
            wanted.add(graph.loss());
        }
        return wanted;
    }

    /** Masks, which are drawn inside the kernels instead of being fed. */
    private static Set<String> drawn(Graph graph) {
        return graph.dropouts().stream().map(Dropout::placeholder).collect(Collectors.toSet());
    }

    private interface ReplicaMaker {
        Replica make(Replica.Share share);
    }

    /** Makes every replica on its own thread: primitives keep the number of threads that is set when they are made. */
    private List<Replica> replicas(int count, long batch, ReplicaMaker maker) {
        List<Callable<Replica>> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int first = (int) (batch * i / count);
            int end = (int) (batch * (i + 1) / count);
            tasks.add(() -> maker.make(new Replica.Share(first, end - first)));
        }
        return workers.run(CompiledProgram.nativeThreads(workers, count), tasks, Replica::close);
    }

    /** Lowers the graph for a share of the batch, plans its memory and binds its steps. */
    private Replica replica(
            TypedGraph typed,
            Replica.Share share,
            SharedArrays arrays,
            PackedWeights weights,
            FlatMemory parameters,
            DropoutDraws draws) {
        Lowering lowering = Lowering.of(typed, oneDnn, accuracy, weights, share, arrays.values());
        long arenaBytes = lowering.schedule().plan();
        Map<Buffer, FloatPointer> outside = new HashMap<>();
        Map<String, Buffer> sums = new HashMap<>();
        lowering.buffers().forEach((value, buffer) -> {
            if (arrays.values().contains(value)) {
                outside.put(buffer, arrays.place(value, share.first()));
            }
            if (value.kind() == Value.Kind.SUM) {
                sums.put(value.name(), buffer);
            }
        });
        return new Replica(oneDnn, lowering.schedule(), arenaBytes, outside, parameters, draws, sums);
    }
}
