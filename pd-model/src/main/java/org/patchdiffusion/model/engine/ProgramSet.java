package org.patchdiffusion.model.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Programs that run in turn, such as one for each patch size, and may share memory. To be closed as a whole.
 *
 * @param programs in the order of their graphs
 * @param bytes off-heap memory that the programs hold beside parameters and gradients; what they share counts once
 */
public record ProgramSet(List<Program> programs, long bytes) implements AutoCloseable {

    /** Compiles graphs one by one; closes those that are done if one fails. */
    public static ProgramSet each(List<Graph> graphs, Function<Graph, Program> compile) {
        List<Program> programs = new ArrayList<>();
        try {
            graphs.forEach(graph -> programs.add(compile.apply(graph)));
        } catch (RuntimeException | Error e) {
            programs.forEach(Program::close);
            throw e;
        }
        return new ProgramSet(
                List.copyOf(programs),
                programs.stream().mapToLong(Program::bytes).sum());
    }

    @Override
    public void close() {
        programs.forEach(Program::close);
    }
}
