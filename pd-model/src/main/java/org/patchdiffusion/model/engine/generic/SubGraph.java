package org.patchdiffusion.model.engine.generic;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.serde.FlatBuffersMapper;
import org.patchdiffusion.model.engine.plan.OpOrder;

/** Copies of ops, by the serialised form from which SameDiff makes its gradient graphs too. */
final class SubGraph {
    private final SameDiff source;
    private final Map<String, long[]> inputs;
    private final SameDiff copy = SameDiff.create();

    private SubGraph(SameDiff source, Map<String, long[]> inputs) {
        this.source = source;
        this.inputs = inputs;
        copy.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
    }

    /**
     * A graph of the given ops alone, with the names that they have: inputs are placeholders, constants are constants.
     *
     * @param inputs shapes that the placeholders get, by name; null where it is not known
     * @param ordered each op after those whose results it reads
     * @throws IllegalArgumentException naming a variable that is neither input, constant, nor result of one of the ops
     */
    static SameDiff copy(SameDiff graph, Map<String, long[]> inputs, List<SameDiffOp> ordered) {
        SubGraph result = new SubGraph(graph, inputs);
        Map<String, Integer> indices = indices(graph);
        ordered.forEach(op -> result.add(op, indices));
        inputs.keySet().stream().filter(graph::hasVariable).forEach(result::addLeaf);
        return result.copy;
    }

    /** An op with the same settings, still reading the variables of its graph, which does not know it. */
    static DifferentialFunction copy(SameDiff graph, DifferentialFunction op) {
        Map<String, Integer> indices = new HashMap<>();
        for (SDVariable input : op.args()) {
            indices.put(input.name(), indices.size());
        }
        DifferentialFunction result = FlatBuffersMapper.cloneViaSerialize(graph, op, indices);
        result.setOwnName(op.getOwnName());
        result.setSameDiff(graph);
        return result;
    }

    private static Map<String, Integer> indices(SameDiff graph) {
        Map<String, Integer> indices = new HashMap<>();
        graph.getVariables().keySet().forEach(name -> indices.put(name, indices.size()));
        return indices;
    }

    private void add(SameDiffOp op, Map<String, Integer> indices) {
        OpOrder.inputs(op).forEach(this::addLeaf);
        DifferentialFunction function = FlatBuffersMapper.cloneViaSerialize(source, op.getOp(), indices);
        function.setOwnName(op.getName());
        function.setSameDiff(copy);
        copy.addArgsFor(OpOrder.inputs(op).toArray(String[]::new), function);
        List<String> outputs =
                op.getOutputsOfOp().stream().map(this::nameOfResult).toList();
        for (int i = 0; i < outputs.size(); i++) {
            copy.addVariable(source.getVariable(op.getOutputsOfOp().get(i)).clone(outputs.get(i), copy));
        }
        copy.addOutgoingFor(outputs.toArray(String[]::new), function);
        function.configureWithSameDiff(copy);
    }

    /** An op of several results may be needed although one of them is given. */
    private String nameOfResult(String output) {
        return inputs.containsKey(output) ? output + Instruction.UNREAD : output;
    }

    private void addLeaf(String name) {
        if (copy.hasVariable(name)) {
            return;
        }
        SDVariable variable = source.getVariable(name);
        if (inputs.containsKey(name)) {
            copy.placeHolder(name, variable.dataType(), inputs.get(name));
        } else if (variable.getVariableType() == VariableType.CONSTANT) {
            copy.constant(name, variable.getArr());
        } else {
            throw new IllegalArgumentException("no array was given for " + name + " that the graph reads");
        }
    }
}
