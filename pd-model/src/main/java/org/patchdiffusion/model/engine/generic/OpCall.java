package org.patchdiffusion.model.engine.generic;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseOp;
import org.nd4j.linalg.api.ops.BaseReduceOp;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.ReduceOp;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An instruction with the context through which ND4J executes it: prepared once, run many times. An op that
 * {@link #changesOp} names must belong to this call alone.
 */
final class OpCall {
    private final Instruction instruction;
    private final OpExecutioner executioner = Nd4j.getExecutioner();
    private final OpContext context = executioner.buildContext();

    OpCall(Instruction instruction) {
        this.instruction = instruction;
    }

    Instruction instruction() {
        return instruction;
    }

    /** Whether {@link #setInputs} writes settings into the op. */
    static boolean changesOp(Instruction instruction) {
        return readsAxes(instruction)
                || instruction.op() instanceof ScalarOp && instruction.inputs().size() == 2;
    }

    /** Whether ND4J takes the second input, an array of axes, as a setting of the op. */
    static boolean readsAxes(Instruction instruction) {
        return instruction.op() instanceof ReduceOp reduce
                && !(reduce instanceof CustomOp)
                && reduce.getOpType() != Op.Type.REDUCE3
                && instruction.inputs().size() == 2;
    }

    /** Sets the arrays to read; call it again to exchange them for others of the same shape. */
    void setInputs(INDArray... inputs) {
        if (instruction.op() instanceof DynamicCustomOp op) {
            context.setArgs(inputs, op.iArgs(), op.dArgs(), op.tArgs(), op.bArgs());
            return;
        }
        if (inputs.length > 0) {
            context.setInputArray(0, inputs[0]);
        }
        if (readsAxes(instruction)) {
            setAxes(inputs[0].rank(), inputs[1]);
        } else if (inputs.length == 2) {
            context.setInputArray(1, inputs[1]);
            if (instruction.op() instanceof ScalarOp op) {
                op.setScalar(inputs[1]);
            }
        }
    }

    private void setAxes(int rank, INDArray axes) {
        BaseReduceOp op = (BaseReduceOp) instruction.op();
        // ND4J takes "no axes" as "reduce nothing", and an unset list as "reduce everything".
        op.setEmptyReduce(axes.isEmpty());
        if (axes.isEmpty()) {
            op.setDimensions((int[]) null);
        } else {
            op.setDimensions(Shape.normalizeAxis(rank, axes.toIntVector()));
        }
    }

    /** Types and shapes of the results for the inputs that are set. */
    List<LongShapeDescriptor> outputShapes() {
        List<LongShapeDescriptor> shapes;
        if (instruction.op() instanceof DynamicCustomOp op) {
            shapes = op.calculateOutputShape(context);
        } else if (instruction.op() instanceof BaseReduceOp op && op.isEmptyReduce()) {
            INDArray input = context.getInputArray(0);
            shapes = List.of(LongShapeDescriptor.fromShape(input.shape(), input.dataType()));
        } else {
            shapes = ((BaseOp) instruction.op()).calculateOutputShape(context);
        }
        if (shapes == null || shapes.size() != instruction.outputs().size()) {
            throw new IllegalArgumentException("ND4J finds " + (shapes == null ? 0 : shapes.size())
                    + " results where the graph has " + instruction.outputs().size());
        }
        return shapes;
    }

    void setOutputs(INDArray... outputs) {
        for (int i = 0; i < outputs.length; i++) {
            context.setOutputArray(i, outputs[i]);
        }
    }

    void run() {
        if (instruction.op() instanceof CustomOp op) {
            executioner.exec(op, context);
            return;
        }
        executioner.exec((Op) instruction.op(), context);
    }

    /** Lets go of the arrays. */
    void release() {
        context.purge();
    }
}
