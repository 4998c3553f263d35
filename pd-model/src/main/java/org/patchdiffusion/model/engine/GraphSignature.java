package org.patchdiffusion.model.engine;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;

/** What goes into a graph: its placeholders and parameters, checked once, and the check of each run's inputs. */
public final class GraphSignature {

    /** Type and shape of a placeholder. */
    private record Input(DataType type, long[] shape) {
        @Override
        public String toString() {
            return type + " " + Arrays.toString(shape);
        }
    }

    private final Map<String, Input> inputs = new LinkedHashMap<>();
    private final List<String> parameters;

    private GraphSignature(List<String> parameters) {
        this.parameters = List.copyOf(parameters);
    }

    /**
     * Reads and checks a graph.
     *
     * @throws IllegalArgumentException naming the variable if a placeholder has no fixed shape, an output or the loss
     *     does not exist, or a trainable variable is no parameter or one of another shape
     */
    public static GraphSignature of(Graph graph) {
        List<SDVariable> variables = graph.sameDiff().variables();
        GraphSignature signature = new GraphSignature(variables.stream()
                .filter(v -> v.getVariableType() == VariableType.VARIABLE)
                .map(SDVariable::name)
                .sorted()
                .toList());
        for (SDVariable variable : variables) {
            if (variable.getVariableType() == VariableType.PLACEHOLDER) {
                signature.addInput(variable);
            } else if (variable.getVariableType() == VariableType.VARIABLE) {
                requireParameter(variable, graph.parameters().layout());
            }
        }
        requireOutputs(graph);
        return signature;
    }

    private void addInput(SDVariable placeholder) {
        long[] shape = placeholder.getShape();
        if (shape == null || Arrays.stream(shape).anyMatch(dim -> dim <= 0)) {
            throw new IllegalArgumentException("placeholder " + placeholder.name() + " has the shape "
                    + Arrays.toString(shape) + "; an engine needs every dimension fixed, so build one graph per shape");
        }
        inputs.put(placeholder.name(), new Input(placeholder.dataType(), shape));
    }

    private static void requireParameter(SDVariable variable, ParameterLayout layout) {
        ParameterLayout.Entry entry = layout.find(variable.name())
                .orElseThrow(() -> new IllegalArgumentException("the graph's variable " + variable.name()
                        + " is not among the parameters; add it to their layout or make it a constant"));
        if (!Arrays.equals(entry.shape(), variable.getShape()) || variable.dataType() != DataType.FLOAT) {
            throw new IllegalArgumentException("the graph's variable " + variable.name() + " is " + variable.dataType()
                    + " " + Arrays.toString(variable.getShape()) + ", but the parameter of that name is FLOAT "
                    + Arrays.toString(entry.shape()));
        }
    }

    private static void requireOutputs(Graph graph) {
        for (String output : graph.outputs()) {
            if (!graph.sameDiff().hasVariable(output)) {
                throw new IllegalArgumentException("the graph has no variable named " + output + " to return");
            }
        }
        if (graph.loss() != null && !graph.sameDiff().hasVariable(graph.loss())) {
            throw new IllegalArgumentException("the graph has no variable named " + graph.loss() + " to differentiate");
        }
    }

    /** Names of the graph's trainable variables, sorted. */
    public List<String> parameters() {
        return parameters;
    }

    /** Shape of each placeholder by name. */
    public Map<String, long[]> inputShapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        inputs.forEach((name, input) -> shapes.put(name, input.shape().clone()));
        return Collections.unmodifiableMap(shapes);
    }

    /** Type of a placeholder. */
    public DataType inputType(String name) {
        return inputs.get(name).type();
    }

    /**
     * Checks the inputs of a run.
     *
     * @throws IllegalArgumentException naming the input that is missing, unknown, or of another type or shape
     */
    public void requireInputs(Map<String, INDArray> given) {
        for (Map.Entry<String, Input> entry : inputs.entrySet()) {
            INDArray array = given.get(entry.getKey());
            Input expected = entry.getValue();
            if (array == null) {
                throw new IllegalArgumentException("input " + entry.getKey() + " is missing; expected " + expected);
            }
            if (array.dataType() != expected.type() || !Arrays.equals(array.shape(), expected.shape())) {
                throw new IllegalArgumentException("input " + entry.getKey() + " is " + array.dataType() + " "
                        + Arrays.toString(array.shape()) + "; expected " + expected);
            }
        }
        if (given.size() > inputs.size()) {
            String unknown = given.keySet().stream()
                    .filter(name -> !inputs.containsKey(name))
                    .findFirst()
                    .orElseThrow();
            throw new IllegalArgumentException(
                    "the graph has no placeholder named " + unknown + "; it has " + inputs.keySet());
        }
    }
}
