package org.patchdiffusion.model.engine.generic;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A part of a SameDiff graph as a program of its own, made of ND4J ops: forward, and the product of a vector with its
 * Jacobian, by SameDiff's own gradients. The graph itself stays as it is. Not thread-safe.
 */
public final class GraphPart implements AutoCloseable {
    private final GenericPlan forward;
    private final Map<String, INDArray> outputGradients = new LinkedHashMap<>();
    private final Map<String, INDArray> inputGradients = new LinkedHashMap<>();

    /** Gradients of inputs on which no output depends: nothing ever writes them. */
    private final Map<String, INDArray> zeros = new LinkedHashMap<>();

    /** Null if no wanted gradient is anything but zero. */
    private GenericPlan backward;

    private boolean closed;

    private GraphPart(GenericPlan forward) {
        this.forward = forward;
    }

    /**
     * Plans the ops that lead from the inputs to the outputs.
     *
     * @param graph a graph without control flow; its constants are read now
     * @param inputs arrays by variable name, of the types and shapes that each run will have; each run reads their
     *     contents anew. Everything else that the ops read must be constants of the graph
     * @param outputs names of the variables to compute, of any type; one may be an input, or read by ops of the part
     * @param wantedGradients names of the inputs whose gradient {@link #backward} computes, all float32; if there are none,
     *     no gradient graph is built
     * @throws IllegalArgumentException naming the op that cannot be planned or differentiated, or the variable that does
     *     not fit
     */
    public static GraphPart of(
            SameDiff graph, Map<String, INDArray> inputs, List<String> outputs, Set<String> wantedGradients) {
        for (String name : wantedGradients) {
            if (!inputs.containsKey(name) || inputs.get(name).dataType() != DataType.FLOAT) {
                throw new IllegalArgumentException("the gradient of " + name + " was asked for, which is "
                        + (inputs.containsKey(name) ? inputs.get(name).dataType() + ", not float32" : "not an input")
                        + "; only float32 inputs have gradients here");
            }
        }
        Set<String> distinct = new LinkedHashSet<>(outputs);
        GraphPart part = new GraphPart(GenericPlan.of(graph, inputs, distinct));
        try {
            if (!wantedGradients.isEmpty()) {
                part.differentiate(graph, inputs, distinct, wantedGradients);
            }
            return part;
        } catch (RuntimeException | Error failure) {
            part.close();
            throw failure;
        }
    }

    private void differentiate(
            SameDiff graph, Map<String, INDArray> inputs, Set<String> outputs, Set<String> wantedGradients) {
        for (String name : outputs) {
            INDArray output = forward.array(name);
            if (output.dataType().isFPType()) {
                outputGradients.put(name, Nd4j.create(output.dataType(), output.shape()));
            }
        }
        PartGradient gradient = PartGradient.of(graph, inputs, outputGradients, wantedGradients);
        Optional<GenericPlan> plan = gradient.plan();
        plan.ifPresent(found -> backward = found);
        for (String name : wantedGradients) {
            Optional<String> variable = gradient.variable(name);
            if (variable.isPresent()) {
                inputGradients.put(name, backward.array(variable.get()));
            } else {
                zeros.put(name, Nd4j.create(DataType.FLOAT, inputs.get(name).shape()));
            }
        }
        inputGradients.putAll(zeros);
    }

    /**
     * Reads the inputs and overwrites the outputs.
     *
     * @throws IllegalStateException if the part is closed
     */
    public void forward() {
        forward.run();
    }

    /**
     * The array of an output: the same one at each run.
     *
     * @throws IllegalArgumentException if there is no such output
     * @throws IllegalStateException if the part is closed
     */
    public INDArray output(String name) {
        return forward.array(name);
    }

    /**
     * Reads the inputs and the gradients of all outputs, and overwrites the gradients of the inputs. Does not need a
     * forward run before it, and leaves the outputs as they are.
     *
     * @throws IllegalStateException if the part is closed, or was made without wanted gradients
     */
    public void backward() {
        requireOpen();
        if (inputGradients.isEmpty()) {
            throw new IllegalStateException("this part of a graph was made for forward runs only");
        }
        if (backward != null) {
            backward.run();
        }
    }

    /**
     * Where the caller puts d loss / d output before {@link #backward}: an array of the output's type and shape, zeros at
     * first.
     *
     * @throws IllegalArgumentException if there is no such output, or it is not of floating-point numbers
     * @throws IllegalStateException if the part is closed
     */
    public INDArray outputGradient(String name) {
        return find(outputGradients, name, "floating-point outputs");
    }

    /**
     * What {@link #backward} computes: d loss / d input, of the input's shape; zeros if no output depends on the input.
     *
     * @throws IllegalArgumentException if the gradient of that input was not asked for
     * @throws IllegalStateException if the part is closed
     */
    public INDArray inputGradient(String name) {
        return find(inputGradients, name, "inputs whose gradient was asked for");
    }

    private INDArray find(Map<String, INDArray> arrays, String name, String kind) {
        requireOpen();
        INDArray array = arrays.get(name);
        if (array == null) {
            throw new IllegalArgumentException(name + " is not among the " + kind + ": " + arrays.keySet());
        }
        return array;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this part of a graph is closed");
        }
    }

    /** Number of ops that a forward run executes. */
    public int calls() {
        return forward.calls();
    }

    /** Bytes that the part holds for results and gradients. */
    public long bytes() {
        long gradients = 0;
        for (Map<String, INDArray> arrays : List.of(outputGradients, zeros)) {
            for (INDArray array : arrays.values()) {
                gradients += array.length() * array.dataType().width();
            }
        }
        return gradients + forward.bytes() + (backward == null ? 0 : backward.bytes());
    }

    /** Frees what the part holds; the inputs stay. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        forward.close();
        if (backward != null) {
            backward.close();
        }
        outputGradients.values().forEach(INDArray::close);
        zeros.values().forEach(INDArray::close);
    }
}
