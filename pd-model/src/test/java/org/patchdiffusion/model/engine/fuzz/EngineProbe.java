package org.patchdiffusion.model.engine.fuzz;

import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Profiled;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;

/** What tests ask about an engine beyond its public interface; the only class of this package that knows the compiler. */
public final class EngineProbe {
    private EngineProbe() {}

    /** Whether this machine has the engine {@code bf16}. */
    static boolean hasBfloat16() {
        return CompiledEngine.isAvailable(Accuracy.BFLOAT16);
    }

    /** Whether a program of the compiled engine really was compiled, not handed to the plan of ND4J operations. */
    public static boolean isCompiled(Program program) {
        return program instanceof Profiled;
    }

    /** Whether it was compiled from end to end, with nothing left to ND4J. */
    public static boolean isCompiledWhole(Program program) {
        return program instanceof Profiled profiled && profiled.foreignOps().isEmpty();
    }
}
