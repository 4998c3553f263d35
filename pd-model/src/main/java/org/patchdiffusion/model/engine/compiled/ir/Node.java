package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/**
 * An operation of the typed graph. A kind of node says in one place what it is: what it reads and computes, the shape of
 * its result (its factory method), the memory layouts that it needs, and the nodes that compute its gradient.
 *
 * <p>Parameters are referred to by name. A gradient is computed by nodes of the same graph; those that end at a parameter
 * write its gradient instead of a tensor.
 */
public sealed interface Node
        permits Mapping,
                Feed,
                Conv,
                Conv.InputGradient,
                Conv.KernelGradient,
                Pool.Gradient,
                Dense,
                Dense.InputGradient,
                Dense.WeightGradient,
                Norm,
                Norm.Gradient,
                Adapt,
                Attention,
                Attention.Gradient,
                Concat,
                Concat.Gradient,
                ScaledAdd,
                Binary,
                Unary.Gradient,
                AddVector,
                SpreadBatch,
                ChannelParameter.Gradient,
                Part,
                Part.Gradient {

    /** The tensors that the node reads. */
    List<Value> inputs();

    /** The tensors that it computes. */
    List<Value> outputs();

    /** Parameters whose gradient it writes. */
    default List<String> trained() {
        return List.of();
    }

    /** Name of the forward tensor that the node serves: the variable of the SameDiff graph, as far as there is one. */
    default String origin() {
        return outputs().get(0).name();
    }

    /**
     * Asks for the inputs in the memory layouts that the node needs and chooses those of its outputs.
     *
     * @return the node over these inputs
     */
    Node place(Layouts layouts);

    /** Emits the nodes that turn the gradient of the outputs into those of the inputs and parameters. */
    default void differentiate(Differentiation gradients) {
        throw new IllegalStateException("a gradient is not differentiated again");
    }
}
