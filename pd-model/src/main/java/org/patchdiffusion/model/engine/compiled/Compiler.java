package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
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
import org.patchdiffusion.model.engine.compiled.run.SharedMemory;
import org.patchdiffusion.model.engine.compiled.run.Workers;

/**
 * The compiler: from a static-shape SameDiff graph to a prepared run. {@link #stages} is the list of its stages, each a
 * function from graph to graph with a class of its own; the result is lowered and planned for each core, and gets memory when all graphs of a set are planned.
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

    /** A graph before its replicas have memory. */
    private record Draft(
            Graph graph,
            TypedGraph typed,
            Prologue prologue,
            SharedArrays arrays,
            FlatMemory parameters,
            PackedWeights weights,
            DropoutDraws draws,
            List<Lowered> lowered,
            Resources resources) {}

    /** The steps of one replica and where they lie in its arena. */
    private record Lowered(Replica.Share share, Lowering lowering) {}

    /**
     * Compiles graphs whose programs run in turn, never two at a time, and so share their memory.
     *
     * @throws UnsupportedGraphException if one cannot be compiled at all, saying why
     */
    List<CompiledProgram> compile(List<Graph> graphs) {
        SharedMemory shared = new SharedMemory(oneDnn);
        List<Resources> opened = new ArrayList<>();
        try {
            List<Draft> drafts = new ArrayList<>();
            for (Graph graph : graphs) {
                Draft draft = draft(graph, shared);
                opened.add(draft.resources());
                drafts.add(draft);
            }
            shared.allocate();
            return drafts.stream().map(draft -> program(draft, shared)).toList();
        } catch (RuntimeException | Error e) {
            opened.forEach(Resources::close);
            throw e;
        }
    }

    /** What has no fast form on this machine becomes a part that ND4J runs, and the stages start again. */
    private Draft draft(Graph graph, SharedMemory shared) {
        Set<String> refused = new HashSet<>();
        while (true) {
            Resources resources = new Resources();
            try {
                shared.use();
                resources.own(shared::release);
                return draft(graph, refused, shared, resources);
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

    private Draft draft(Graph graph, Set<String> refused, SharedMemory shared, Resources resources) {
        GraphView view = new GraphView(graph.sameDiff(), wanted(graph));
        Set<String> drawn = drawn(graph);
        Set<String> frontier = view.frontier(wanted(graph));
        frontier.removeAll(drawn);
        Prologue prologue = resources.own(Prologue.of(graph, frontier, drawn));
        TypedGraph typed = stages(graph, view, prologue, refused);
        SharedArrays arrays = resources.own(SharedArrays.of(typed, graph, prologue.frontier()));
        FlatMemory parameters =
                new FlatMemory(graph.parameters().layout(), graph.parameters().flat());
        PackedWeights weights = shared.weights(parameters);
        int count = (int) Math.min(workers.count(), prologue.batch());
        List<Lowered> lowered = onWorkers(count, i -> {
            Replica.Share share = Replica.Share.of(prologue.batch(), i, count);
            Lowering lowering = Lowering.of(typed, oneDnn, accuracy, weights, share, arrays.values());
            shared.reserve(i, lowering.schedule().plan());
            return new Lowered(share, lowering);
        });
        DropoutDraws draws = new DropoutDraws(graph.dropouts());
        return new Draft(graph, typed, prologue, arrays, parameters, weights, draws, lowered, resources);
    }

    /** Read, fuse, differentiate, fuse again now that the backward pass is there, choose layouts. */
    private TypedGraph stages(Graph graph, GraphView view, Prologue prologue, Set<String> refused) {
        TypedGraph typed = GraphReader.read(view, prologue.batch(), prologue.frontier(), graph, refused);
        typed = Fuse.run(typed);
        typed = JoinParts.run(typed);
        typed = Differentiate.run(typed);
        typed = Fuse.run(typed);
        Value.Layout images = accuracy == Accuracy.BFLOAT16 ? Value.Layout.CHANNELS_LAST : Value.Layout.BLOCKED;
        return ChooseLayouts.run(typed, images, oneDnn.lanes());
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

    private CompiledProgram program(Draft draft, SharedMemory shared) {
        List<Replica> replicas = onWorkers(draft.lowered().size(), i -> draft.resources()
                .own(replica(draft, draft.lowered().get(i), shared.arena(i))));
        return new CompiledProgram(new CompiledProgram.Parts(
                draft.graph(),
                draft.typed(),
                draft.prologue(),
                draft.arrays(),
                draft.parameters(),
                draft.weights(),
                draft.draws(),
                replicas,
                workers,
                shared,
                draft.resources()));
    }

    /** Binds the steps of a replica to memory. */
    private Replica replica(Draft draft, Lowered lowered, Pointer arena) {
        Map<Buffer, FloatPointer> outside = new HashMap<>();
        Map<String, Buffer> sums = new HashMap<>();
        lowered.lowering().buffers().forEach((value, buffer) -> {
            if (draft.arrays().values().contains(value)) {
                outside.put(buffer, draft.arrays().place(value, lowered.share().first()));
            }
            if (value.kind() == Value.Kind.SUM) {
                sums.put(value.name(), buffer);
            }
        });
        return new Replica(
                oneDnn, lowered.lowering().schedule(), arena, outside, draft.parameters(), draft.draws(), sums);
    }

    /** Each on its own thread: primitives keep the number of threads that is set when they are made. */
    private <T> List<T> onWorkers(int count, IntFunction<T> work) {
        List<Callable<T>> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int index = i;
            tasks.add(() -> work.apply(index));
        }
        return workers.run(CompiledProgram.nativeThreads(workers, count), tasks);
    }
}
