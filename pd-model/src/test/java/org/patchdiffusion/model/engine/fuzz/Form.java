package org.patchdiffusion.model.engine.fuzz;

import org.nd4j.autodiff.samediff.SDVariable;

/** Writes a step of a recipe into a SameDiff graph. */
@FunctionalInterface
interface Form {

    /** Adds the operations of the step on its inputs. */
    SDVariable emit(BuildContext context, SDVariable... inputs);
}
