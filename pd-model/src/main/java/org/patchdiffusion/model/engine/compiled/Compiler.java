package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Part;
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
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;
import org.patchdiffusion.model.engine.compiled.run.Prologue;
import org.patchdiffusion.model.engine.compiled.run.Replica;
import org.patchdiffusion.model.engine.compiled.run.Resources;
import org.patchdiffusion.model.engine.compiled.run.SharedArrays;
import org.patchdiffusion.model.engine.compiled.run.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The compiler: from a static-shape SameDiff graph to a prepared run. Its stages are the lines of {@link #compile(Graph,
 * Set, Resources)}; each is a function from graph to graph, with a class of its own.
 */
final class Compiler {
    private static final Logger LOG = LoggerFactory.getLogger(Compiler.class);

    private final OneDnn oneDnn;
    private final Accuracy accuracy;
    private final Workers workers;

    Compiler(OneDnn oneDnn, Accuracy accuracy, Workers workers) {
        this.oneDnn = oneDnn;
        this.accuracy = accuracy;
        this.workers = workers;
    }

    /**
     * Compiles a graph. What cannot be lowered on this machine becomes a part that ND4J runs, and the stages start again.
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
                boolean another = e.variable() != null
                        && graph.sameDiff().hasVariable(e.variable())
                        && refused.add(e.variable());
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
        Prologue prologue = resources.own(Prologue.of(graph));
        TypedGraph typed =
                GraphReader.read(prologue.view(), prologue.batch(), prologue.frontier(), graph, refused);
        typed = Fuse.run(typed);
        typed = JoinParts.run(typed);
        typed = Differentiate.run(typed);
        typed = Fuse.run(typed);
        typed = ChooseLayouts.run(typed, oneDnn.lanes());
        SharedArrays arrays = resources.own(SharedArrays.of(typed, graph, prologue));
        CompiledProgram.Plan plan = CompiledProgram.Plan.of(oneDnn, graph, prologue, arrays, typed, workers, resources);
        plan.replicas(share -> replica(typed(plan), share, plan));
        reportParts(typed);
        return new CompiledProgram(plan, resources);
    }

    private static TypedGraph typed(CompiledProgram.Plan plan) {
        return plan.graph();
    }

    /** Lowers the graph for a share of the batch, plans its memory and binds its steps; on the replica's own thread. */
    private Replica replica(TypedGraph graph, Replica.Share share, CompiledProgram.Plan plan) {
        Lowering lowering = Lowering.of(
                graph, oneDnn, accuracy, plan.weights(), share, plan.arrays().values());
        long arenaBytes = lowering.schedule().plan();
        Map<Buffer, FloatPointer> outside = new HashMap<>();
        Map<Value, Buffer> buffers = lowering.buffers();
        buffers.forEach((value, buffer) -> {
            if (buffer.isExternal()) {
                outside.put(buffer, plan.arrays().place(value, share.first()));
            }
        });
        Map<String, Buffer> sums = new HashMap<>();
        buffers.forEach((value, buffer) -> {
            if (value.kind() == Value.Kind.SUM) {
                sums.put(value.name(), buffer);
            }
        });
        return new Replica(
                oneDnn, share, lowering.schedule(), arenaBytes, outside, plan.parameters(), plan.draw(), sums);
    }

    private static void reportParts(TypedGraph graph) {
        List<String> ops = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node instanceof Part part) {
                ops.addAll(part.ops());
            }
        }
        if (!ops.isEmpty()) {
            LOG.debug("ND4J runs {} between compiled parts", ops);
        }
    }
}
