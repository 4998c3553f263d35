package org.patchdiffusion.model.engine.generic;

import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.custom.Invoke;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.Enter;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.Exit;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.LoopCond;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.Merge;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.NextIteration;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.Switch;
import org.nd4j.linalg.api.ops.impl.layers.ExternalErrorsFunction;
import org.nd4j.linalg.api.ops.impl.shape.CreateView;
import org.nd4j.linalg.api.ops.impl.shape.Reshape;
import org.nd4j.linalg.api.ops.impl.shape.tensorops.BaseTensorOp;
import org.patchdiffusion.model.engine.plan.UnplannedGraphException;

/** What a planner has to know about ND4J's ops beyond their types and shapes. */
final class OpKinds {

    /** Ops of which only the shape of the inputs matters. */
    private static final Set<String> SHAPE_READERS =
            Set.of("shape_of", "shapes_of", "size", "size_at", "rank", "zeros_as", "ones_as");

    private static final Set<String> RESHAPES = Set.of("reshape", "expand_dims", "squeeze");

    /** Ops whose result has a shape that the contents of any input may change. */
    private static final Set<String> SHAPED_BY_ALL_INPUTS = Set.of(
            "Where",
            "where_np",
            "unique",
            "unique_with_counts",
            "boolean_mask",
            "dynamic_partition",
            "listdiff",
            "non_max_suppression",
            "non_max_suppression_v3",
            "non_max_suppression_overlaps",
            "range",
            "lin_space",
            "fill",
            "create",
            "eye",
            "random_normal",
            "randomuniform",
            "random_bernoulli",
            "random_exponential");

    /** Ops whose result has a shape that the contents of the inputs after the first may change. */
    private static final Set<String> SHAPED_BY_LATER_INPUTS = Set.of(
            "reshape",
            "expand_dims",
            "squeeze",
            "permute",
            "transpose",
            "tile",
            "broadcast_to",
            "slice",
            "strided_slice",
            "pad",
            "mirror_pad",
            "split_v",
            "onehot",
            "repeat",
            "set_shape",
            "top_k",
            "resize_bilinear",
            "resize_nearest_neighbor",
            "resize_bicubic",
            "resize_area",
            "image_resize",
            "batch_to_space_nd",
            "space_to_batch_nd",
            "sequence_mask",
            "segment_sum",
            "segment_mean",
            "segment_max",
            "segment_min",
            "segment_prod",
            "reduce_sum",
            "reduce_mean",
            "reduce_max",
            "reduce_min",
            "reduce_prod",
            "reduce_norm1",
            "reduce_norm2",
            "reduce_variance",
            "reduce_stdev",
            "reduce_logsumexp",
            "argmax",
            "argmin");

    private static final List<Class<?>> NOT_STATIC = List.of(
            Switch.class,
            Merge.class,
            Enter.class,
            Exit.class,
            NextIteration.class,
            LoopCond.class,
            Invoke.class,
            CreateView.class,
            ExternalErrorsFunction.class,
            BaseTensorOp.class);

    private OpKinds() {}

    static boolean readsOnlyShapes(DifferentialFunction op) {
        return SHAPE_READERS.contains(op.opName());
    }

    /** Whether each execution may give other results for the same inputs. */
    static boolean isRandom(DifferentialFunction op) {
        return op.getClass().getName().contains(".ops.random.") || op.opName().contains("dropout");
    }

    /** Whether the result is the first input's elements in the same order. */
    static boolean keepsElements(DifferentialFunction op) {
        if (op.opName().equals("identity")) {
            return true;
        }
        if (!RESHAPES.contains(op.opName())) {
            return false;
        }
        long[] settings = ((DynamicCustomOp) op).iArgs();
        return !(op instanceof Reshape)
                || settings.length == 0
                || settings[0] != Reshape.F_ORDER && settings[0] != -'f';
    }

    /**
     * Refuses an op whose result's shape is not known before the run.
     *
     * @throws UnplannedGraphException saying why
     */
    static void requireStatic(Instruction instruction, Values values) {
        DifferentialFunction op = instruction.op();
        if (NOT_STATIC.stream().anyMatch(type -> type.isInstance(op))) {
            throw new UnplannedGraphException("control flow, tensor lists and calls of other graphs cannot be planned"
                    + " ahead of time; run this graph on the samediff engine");
        }
        List<String> inputs = instruction.inputs();
        for (int i = 0; i < inputs.size(); i++) {
            if (shapesResult(instruction, i) && !values.isConstant(inputs.get(i))) {
                throw new UnplannedGraphException("the shape of its result depends on the contents of " + inputs.get(i)
                        + ", which is not a constant; make it a constant or run this graph on the samediff engine");
            }
        }
    }

    private static boolean shapesResult(Instruction instruction, int input) {
        String name = instruction.op().opName();
        if (name.equals("split")) {
            return input == 0 && instruction.inputs().size() == 2;
        }
        if (name.equals("scatter_nd") || name.startsWith("unsorted_segment")) {
            return input == 2;
        }
        if (OpCall.readsAxes(instruction)) {
            return input == 1;
        }
        boolean isNative = instruction.op() instanceof DynamicCustomOp;
        return SHAPED_BY_ALL_INPUTS.contains(name) || isNative && input > 0 && SHAPED_BY_LATER_INPUTS.contains(name);
    }
}
