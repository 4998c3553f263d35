package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** What the gradient rule of a node may ask for and say. Rules run from the loss backwards. */
public interface Differentiation {

    /** The gradient of an output of the node; null if the loss does not depend on it. */
    Value of(Value output);

    /** Contributions to the gradient of an output that only {@link Part}s read, not added up; empty if there are none. */
    List<Value> all(Value output);

    /** Adds a node of the backward pass. */
    <T extends Node> T emit(T node);

    /** Adds to the gradient of a tensor, if that is wanted at all. */
    void contribute(Value value, Value gradient);

    /**
     * Says that a node will write the gradient of a parameter.
     *
     * @return whether an earlier one does so too, so that this one has to add
     */
    boolean addsTo(String parameter);
}
