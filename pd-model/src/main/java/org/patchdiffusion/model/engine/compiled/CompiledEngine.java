package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.GenericEngine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.MemoryShortageException;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.ProgramSet;
import org.patchdiffusion.model.engine.SameDiffEngine;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;
import org.patchdiffusion.model.engine.compiled.run.Workers;
import org.patchdiffusion.model.engine.plan.UnplannedGraphException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiles graphs for the CPU: oneDNN primitives on blocked tensors and fused pointwise kernels, one single-threaded
 * replica a core. Ops that it does not know are run by ND4J between compiled parts; a graph that it cannot compile at all runs
 * whole as a plan of ND4J operations, or by SameDiff itself.
 */
public final class CompiledEngine implements Engine {
    private static final Logger LOG = LoggerFactory.getLogger(CompiledEngine.class);

    private final Accuracy accuracy;
    private final Workers workers;
    private final GenericEngine fallback = new GenericEngine();
    private final SameDiffEngine lastResort = new SameDiffEngine();
    private final Set<String> reported = ConcurrentHashMap.newKeySet();

    /**
     * An engine with one replica for each core.
     *
     * @throws IllegalStateException if this machine has no fast form of the accuracy
     */
    public CompiledEngine(Accuracy accuracy) {
        this(accuracy, Runtime.getRuntime().availableProcessors());
    }

    /**
     * An engine with a number of replicas.
     *
     * @param threads at least 1
     * @throws IllegalStateException if this machine has no fast form of the accuracy
     */
    public CompiledEngine(Accuracy accuracy, int threads) {
        this(accuracy, new Workers(requirePositive(threads)));
    }

    CompiledEngine(Accuracy accuracy, Workers workers) {
        requireAvailable(accuracy);
        this.accuracy = accuracy;
        this.workers = workers;
    }

    private static int requirePositive(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("an engine needs at least 1 thread, got " + threads);
        }
        return threads;
    }

    /** Whether this machine has what compiled programs need. */
    public static boolean isAvailable() {
        return OneDnn.find().isPresent();
    }

    private static void requireAvailable(Accuracy accuracy) {
        if (accuracy == Accuracy.BFLOAT16 && !isAvailable(accuracy)) {
            throw new IllegalStateException("bfloat16 needs a processor with AMX; this one has " + instructions()
                    + ", where float32 is faster: take --precision float32, or the engine fast");
        }
    }

    /** What the processor has for compiled programs, for messages. */
    public static String instructions() {
        return OneDnn.find().map(OneDnn::instructions).orElse("nothing that oneDNN has fast convolutions for");
    }

    /** Whether compiled programs of an accuracy run here, and faster than more exact ones would. */
    public static boolean isAvailable(Accuracy accuracy) {
        return OneDnn.find()
                .filter(found -> accuracy != Accuracy.BFLOAT16 || found.hasBfloat16())
                .isPresent();
    }

    @Override
    public String name() {
        return switch (accuracy) {
            case EXACT -> "exact";
            case FAST -> "fast";
            case BFLOAT16 -> "bf16";
        };
    }

    @Override
    public Program compile(Graph graph) {
        return compile(List.of(graph)).programs().get(0);
    }

    @Override
    public ProgramSet compile(List<Graph> graphs) {
        workers.requireOpen();
        if (OneDnn.find().isEmpty()) {
            return ProgramSet.each(graphs, this::fallBack);
        }
        try {
            return compileWhole(graphs);
        } catch (MemoryShortageException e) {
            // The plan and SameDiff take more.
            throw e;
        } catch (RuntimeException | StackOverflowError e) {
            if (graphs.size() > 1) {
                // What cannot be compiled may be one of them only.
                return ProgramSet.each(graphs, this::compile);
            }
            // Whatever a stage stumbles over, the plan or SameDiff itself may still run.
            if (reported.add(String.valueOf(e.getMessage()))) {
                LOG.info("running the graph as a plan of ND4J operations, which is slower: {}", e.getMessage());
            }
            return ProgramSet.each(graphs, this::fallBack);
        }
    }

    private ProgramSet compileWhole(List<Graph> graphs) {
        List<CompiledProgram> compiled = new Compiler(OneDnn.find().get(), accuracy, workers).compile(graphs);
        List<Program> programs = new ArrayList<>();
        for (int i = 0; i < graphs.size(); i++) {
            CompiledProgram program = compiled.get(i);
            reportParts(program.foreignOps());
            boolean draws = !graphs.get(i).dropouts().isEmpty();
            programs.add(draws ? new DropoutProgram(program, graphs.get(i), this) : program);
        }
        long bytes = compiled.stream().mapToLong(CompiledProgram::ownBytes).sum();
        return new ProgramSet(
                programs, bytes + (compiled.isEmpty() ? 0 : compiled.get(0).sharedBytes()));
    }

    private void reportParts(List<String> ops) {
        if (!ops.isEmpty() && reported.add(ops.toString())) {
            LOG.info("ND4J runs {} between compiled parts, which is slower", String.join(", ", ops));
        }
    }

    private Program fallBack(Graph graph) {
        try {
            return fallback.compile(graph);
        } catch (UnplannedGraphException e) {
            if (reported.add(String.valueOf(e.getMessage()))) {
                LOG.info("running the graph by SameDiff itself, which is slow: {}", e.getMessage());
            }
            return lastResort.compile(graph);
        }
    }

    @Override
    public Gradients newGradients(ParameterLayout layout) {
        return Gradients.zeros(layout, workers.count());
    }

    @Override
    public Gradients newAccumulator(ParameterLayout layout) {
        return Gradients.zeros(layout, workers.count() + 1);
    }

    @Override
    public int threads() {
        return workers.count();
    }

    @Override
    public void close() {
        workers.close();
        fallback.close();
        lastResort.close();
    }
}
