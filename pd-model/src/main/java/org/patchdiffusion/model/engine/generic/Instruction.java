package org.patchdiffusion.model.engine.generic;

import java.util.List;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.patchdiffusion.model.engine.plan.OpOrder;

/**
 * One op to execute.
 *
 * @param op what to do, with its arguments
 * @param inputs names of the arrays that it reads
 * @param outputs names of the arrays that it writes
 */
record Instruction(DifferentialFunction op, List<String> inputs, List<String> outputs) {

    /** Ends the name of a result that nobody reads, because its variable's array is given. */
    static final String UNREAD = "#unread";

    Instruction {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** An op of a graph. */
    static Instruction of(SameDiffOp node) {
        return new Instruction(node.getOp(), OpOrder.inputs(node), node.getOutputsOfOp());
    }

    /** A native op without arguments. */
    static Instruction of(String opName, List<String> inputs, String output) {
        return new Instruction(DynamicCustomOp.builder(opName).build(), inputs, List.of(output));
    }

    /** A native reduction over some axes. */
    static Instruction reduction(String opName, String input, String output, int[] axes, boolean keepDims) {
        DynamicCustomOp op = DynamicCustomOp.builder(opName)
                .addIntegerArguments(axes)
                .addBooleanArguments(keepDims)
                .build();
        return new Instruction(op, List.of(input), List.of(output));
    }

    /** How error messages call it. */
    String describe() {
        return "op " + op.opName() + " that makes " + String.join(", ", outputs);
    }
}
