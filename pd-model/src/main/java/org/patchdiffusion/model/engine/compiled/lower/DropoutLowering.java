package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.Dropout;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;

/** Dropout by counter. */
final class DropoutLowering {
    private DropoutLowering() {}

    static void lower(Lowering lowering, Dropout node) {
        throw new UnsupportedGraphException(node.output().name(), "not yet" + List.of());
    }
}
