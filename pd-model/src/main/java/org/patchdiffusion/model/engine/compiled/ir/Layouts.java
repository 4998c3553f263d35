package org.patchdiffusion.model.engine.compiled.ir;

/** What a node may ask for when memory layouts are chosen. Every method may insert a {@link Reorder} before the node. */
public interface Layouts {

    /** The tensor in row-major order. */
    Value plain(Value value);

    /** The tensor in blocks of channels: as it is if it is so already, else with its channels in order. */
    Value blocked(Value value);

    /** The tensor in blocks of channels in order, padded only at the end. */
    Value dense(Value value);

    /** The tensor in the layout of another one of the same size. */
    Value like(Value value, Value model);

    /** The tensor as it is if it is float32 and has no padding to carry along, else plain. */
    Value exact(Value value);

    /** The tensor for matrix products over pixels and channels: with the channels last if they need no padding, else plain. */
    Value matrix(Value value);

    /** Gives an output the layout of {@link #matrix}. */
    void placeMatrix(Value output);

    /** Gives an output blocks of channels in order. */
    void placeDense(Value output);

    /** Gives an output, which may have another height and width, the layout of an input. */
    default void placeLike(Value output, Value input) {
        output.place(input.layout(), input.map());
    }
}
