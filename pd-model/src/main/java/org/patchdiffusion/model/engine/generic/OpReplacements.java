package org.patchdiffusion.model.engine.generic;

import java.util.List;

/** Faster ways to compute what some ops compute. */
final class OpReplacements {
    private OpReplacements() {}

    /** The instructions to run in place of this one: itself, if there is nothing better. */
    static List<Instruction> of(Instruction instruction, Values values) {
        return List.of(instruction);
    }
}
