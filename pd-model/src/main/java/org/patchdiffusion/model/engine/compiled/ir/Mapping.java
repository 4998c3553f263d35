package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** A node that computes one tensor from one. */
public sealed interface Mapping extends Node
        permits Blur,
                ChannelParameter,
                Dropout,
                Pad,
                Pad.Gradient,
                Pool,
                Reorder,
                Reshape,
                Scale,
                SpreadImage,
                SpreadPixels,
                SumBatch,
                SumImage,
                SumPixels,
                Unary,
                Upsample,
                Upsample.Gradient {

    /** The tensor that it computes. */
    Value output();

    /** The tensor that it reads. */
    Value x();

    @Override
    default List<Value> inputs() {
        return List.of(x());
    }

    @Override
    default List<Value> outputs() {
        return List.of(output());
    }
}
