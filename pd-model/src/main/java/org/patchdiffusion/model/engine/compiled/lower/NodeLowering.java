package org.patchdiffusion.model.engine.compiled.lower;

import org.patchdiffusion.model.engine.compiled.ir.Node;

/** What the nodes of one kind become: steps of a schedule. */
@FunctionalInterface
interface NodeLowering<N extends Node> {

    /** Defines the node's outputs and adds the steps that compute them. */
    void lower(Lowering lowering, N node);
}
