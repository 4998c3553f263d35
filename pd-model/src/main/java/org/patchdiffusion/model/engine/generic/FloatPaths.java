package org.patchdiffusion.model.engine.generic;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.plan.OpOrder;

/** Which variables can have a gradient: those that others reach by paths of floating-point variables only. */
final class FloatPaths {
    private FloatPaths() {}

    /** The floating-point variables that the given ones influence, themselves included. */
    static Set<String> from(SameDiff graph, List<SameDiffOp> ordered, Set<String> variables) {
        Set<String> influenced = new HashSet<>(variables);
        for (SameDiffOp op : ordered) {
            if (OpOrder.inputs(op).stream().anyMatch(influenced::contains)) {
                op.getOutputsOfOp().stream()
                        .filter(name -> graph.getVariable(name).dataType().isFPType())
                        .forEach(influenced::add);
            }
        }
        return influenced;
    }
}
