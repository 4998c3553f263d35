package org.patchdiffusion.model.engine.generic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.gradient.GradientBackwardsMarker;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.plan.ArenaPlanner;
import org.patchdiffusion.model.engine.plan.OpOrder;
import org.patchdiffusion.model.engine.plan.UnplannedGraphException;

/**
 * Walks through the ops in order: computes what is constant, turns reshapes into views, replaces slow ops, finds the
 * shapes of all results, and in the end allocates and binds the arrays.
 */
final class PlanBuilder {
    private final SameDiff graph;
    private final Values values;
    private final List<OpCall> calls = new ArrayList<>();

    PlanBuilder(SameDiff graph, Values values) {
        this.graph = graph;
        this.values = values;
    }

    /** The calls of the plan, in order; the values then hold all arrays. */
    List<OpCall> build(Collection<String> wanted) {
        Set<String> fed = values.names();
        fed.forEach(this::requireDeclaredShape);
        for (SameDiffOp node : OpOrder.between(graph, fed, wanted)) {
            List<String> outputs = node.getOutputsOfOp().stream()
                    .map(name -> fed.contains(name) ? name + Instruction.UNREAD : name)
                    .toList();
            add(new Instruction(ownOp(node), OpOrder.inputs(node), outputs));
        }
        wanted.forEach(this::bindLeaf);
        values.allocate(lifetimes(wanted));
        Set<String> used = new HashSet<>(wanted);
        for (OpCall call : calls) {
            call.setInputs(arrays(call.instruction().inputs(), values::array));
            call.setOutputs(arrays(call.instruction().outputs(), values::array));
            used.addAll(call.instruction().inputs());
        }
        values.trim(used);
        return calls;
    }

    /** Some settings are written into the op itself, and other plans of the graph may run at the same time. */
    private DifferentialFunction ownOp(SameDiffOp node) {
        boolean isChanged = OpCall.changesOp(Instruction.of(node));
        return isChanged ? SubGraph.copy(graph, node.getOp()) : node.getOp();
    }

    /** ND4J broadcasts, or reads past the end, where shapes do not fit. */
    private void requireDeclaredShape(String fed) {
        SDVariable variable = graph.getVariable(fed);
        if (variable == null) {
            throw new IllegalArgumentException("the graph has no variable named " + fed);
        }
        INDArray array = values.array(fed);
        long[] declared = variable.getVariableType() == VariableType.ARRAY ? null : variable.getShape();
        boolean fits = declared == null || declared.length == array.rank();
        for (int axis = 0; fits && declared != null && axis < declared.length; axis++) {
            fits = declared[axis] < 0 || declared[axis] == array.size(axis);
        }
        if (!fits || array.dataType() != variable.dataType()) {
            throw new IllegalArgumentException("the array for " + fed + " is " + array.dataType() + " "
                    + Arrays.toString(array.shape()) + ", but the graph declares " + variable.dataType() + " "
                    + Arrays.toString(declared));
        }
    }

    private void add(Instruction instruction) {
        instruction.inputs().forEach(this::bindLeaf);
        try {
            OpKinds.requireStatic(instruction, values);
            if (instruction.op() instanceof GradientBackwardsMarker) {
                values.fold(instruction.outputs().get(0), Nd4j.scalar(1.0f));
            } else {
                for (Instruction part : OpReplacements.of(instruction, values)) {
                    prepare(part);
                }
            }
        } catch (UnplannedGraphException cause) {
            throw new UnplannedGraphException(refusal(instruction, cause), cause);
        } catch (RuntimeException cause) {
            throw new IllegalArgumentException(refusal(instruction, cause), cause);
        }
    }

    private static String refusal(Instruction instruction, RuntimeException cause) {
        return "cannot plan " + instruction.describe() + ": " + cause.getMessage();
    }

    /** Takes a constant of the graph, or says what is missing. */
    private void bindLeaf(String name) {
        if (values.isKnown(name)) {
            return;
        }
        SDVariable variable = graph.getVariable(name);
        if (variable.getVariableType() != VariableType.CONSTANT) {
            throw new IllegalArgumentException("no array was given for the "
                    + variable.getVariableType().name().toLowerCase(Locale.ROOT) + " " + name
                    + " that the graph reads");
        }
        values.constant(name, variable.getArr());
    }

    private void prepare(Instruction instruction) {
        OpCall call = new OpCall(instruction);
        call.setInputs(arrays(instruction.inputs(), values::prototype));
        List<LongShapeDescriptor> shapes = call.outputShapes();
        String first = instruction.outputs().get(0);
        if (OpKinds.keepsElements(instruction.op())) {
            values.view(first, instruction.inputs().get(0), shapes.get(0).getShape());
            call.release();
            return;
        }
        List<LongShapeDescriptor> results = new ArrayList<>();
        for (int i = 0; i < shapes.size(); i++) {
            results.add(typed(instruction.outputs().get(i), shapes.get(i)));
        }
        if (isConstant(instruction) || results.stream().allMatch(LongShapeDescriptor::isEmpty)) {
            fold(call, results);
        } else {
            for (int i = 0; i < results.size(); i++) {
                values.plan(instruction.outputs().get(i), results.get(i));
            }
            calls.add(call);
        }
    }

    /** Several ops can make several types; the graph says which one it is. */
    private LongShapeDescriptor typed(String name, LongShapeDescriptor shape) {
        if (!graph.hasVariable(name)) {
            return shape;
        }
        DataType type = graph.getVariable(name).dataType();
        return type == null || type == shape.dataType() ? shape : shape.asDataType(type);
    }

    private boolean isConstant(Instruction instruction) {
        return !OpKinds.isRandom(instruction.op())
                && (OpKinds.readsOnlyShapes(instruction.op())
                        || instruction.inputs().stream().allMatch(values::isConstant));
    }

    private void fold(OpCall call, List<LongShapeDescriptor> results) {
        INDArray[] outputs = results.stream()
                .map(shape -> shape.isEmpty() ? Nd4j.create(shape) : Nd4j.create(shape.dataType(), shape.getShape()))
                .toArray(INDArray[]::new);
        call.setOutputs(outputs);
        if (Arrays.stream(outputs).noneMatch(INDArray::isEmpty)) {
            call.run();
        }
        call.release();
        for (int i = 0; i < outputs.length; i++) {
            values.fold(call.instruction().outputs().get(i), outputs[i]);
        }
    }

    /** From the call that writes an array to the last one that reads it; to the end if the caller wants it. */
    private List<ArenaPlanner.Buffer> lifetimes(Collection<String> wanted) {
        Map<String, Integer> lastUse = new HashMap<>();
        for (int i = 0; i < calls.size(); i++) {
            for (String input : calls.get(i).instruction().inputs()) {
                lastUse.put(values.root(input), i);
            }
        }
        wanted.forEach(name -> lastUse.put(values.root(name), calls.size()));
        List<ArenaPlanner.Buffer> lifetimes = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            for (String output : calls.get(i).instruction().outputs()) {
                lifetimes.add(
                        new ArenaPlanner.Buffer(output, values.bytes(output), i, lastUse.getOrDefault(output, i)));
            }
        }
        return lifetimes;
    }

    private static INDArray[] arrays(List<String> names, Function<String, INDArray> source) {
        return names.stream().map(source).toArray(INDArray[]::new);
    }
}
