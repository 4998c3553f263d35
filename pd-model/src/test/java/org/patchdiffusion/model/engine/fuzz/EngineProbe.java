package org.patchdiffusion.model.engine.fuzz;

import org.patchdiffusion.model.engine.Profiled;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;

/** What tests ask about an engine beyond its public interface; the only class of this package that knows the compiler. */
public final class EngineProbe {
    private EngineProbe() {}

    /** Whether a program of the compiled engine really was compiled, not handed to the plan of ND4J operations. */
    public static boolean isCompiled(Program program) {
        return program instanceof Profiled;
    }

    /** Whether it was compiled and leaves no part of the graph to ND4J operations. */
    public static boolean isCompiledWhole(Program program) {
        return program instanceof CompiledProgram compiled
                && compiled.foreignOps().isEmpty();
    }
}
