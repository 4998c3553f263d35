package org.patchdiffusion.model.engine;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;

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
    private final Set<String> masks;
    private final Parameters values;

    private GraphSignature(Parameters values, List<String> parameters, Set<String> masks) {
        this.values = values;
        this.parameters = List.copyOf(parameters);
        this.masks = masks;
    }

    /**
     * Reads and checks a graph.
     *
     * @throws IllegalArgumentException naming the variable if a placeholder has no fixed shape, an output or the loss
     *     does not exist, or a trainable variable is no parameter or one of another shape
     */
    public static GraphSignature of(Graph graph) {
        List<SDVariable> variables = graph.sameDiff().variables();
        List<String> parameters = variables.stream()
                .filter(v -> v.getVariableType() == VariableType.VARIABLE)
                .map(SDVariable::name)
                .sorted()
                .toList();
        Set<String> masks = graph.dropouts().stream().map(Dropout::placeholder).collect(Collectors.toSet());
        GraphSignature signature = new GraphSignature(graph.parameters(), parameters, masks);
        for (SDVariable variable : variables) {
            if (variable.getVariableType() == VariableType.PLACEHOLDER) {
                signature.addInput(variable);
            } else if (variable.getVariableType() == VariableType.VARIABLE) {
                requireParameter(variable, graph.parameters().layout());
            }
        }
        requireOutputs(graph);
        masks.forEach(signature::requireMask);
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

    private void requireMask(String name) {
        Input input = inputs.get(name);
        if (input == null || input.type() != DataType.FLOAT || input.shape().length < 1) {
            throw new IllegalArgumentException(
                    "the dropout mask " + name + " is " + (input == null ? "no placeholder" : input)
                            + "; expected a placeholder of float32 numbers whose axis 0 is the batch");
        }
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
     * Checks the inputs of a run; dropout masks may be missing.
     *
     * @throws IllegalArgumentException naming the input that is missing, unknown, closed, or of another type or shape
     * @throws IllegalStateException if the parameters are closed
     */
    public void requireInputs(Map<String, INDArray> given) {
        if (values.flat().wasClosed()) {
            throw new IllegalStateException(
                    "the buffer of the graph's parameters is closed; keep it open while programs"
                            + " of the graph run");
        }
        for (Map.Entry<String, Input> entry : inputs.entrySet()) {
            INDArray array = given.get(entry.getKey());
            Input expected = entry.getValue();
            if (array == null && masks.contains(entry.getKey())) {
                continue;
            }
            if (array == null) {
                throw new IllegalArgumentException("input " + entry.getKey() + " is missing; expected " + expected);
            }
            if (array.wasClosed()) {
                throw new IllegalArgumentException("input " + entry.getKey() + " is closed; expected " + expected);
            }
            if (array.dataType() != expected.type() || !Arrays.equals(array.shape(), expected.shape())) {
                throw new IllegalArgumentException("input " + entry.getKey() + " is " + array.dataType() + " "
                        + Arrays.toString(array.shape()) + "; expected " + expected);
            }
        }
        for (String name : given.keySet()) {
            if (!inputs.containsKey(name)) {
                throw new IllegalArgumentException(
                        "the graph has no placeholder named " + name + "; it has " + inputs.keySet());
            }
        }
    }
}
