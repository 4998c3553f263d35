package org.patchdiffusion.model.engine.compiled;

/** Turns one node into steps; keeps what the backward steps need of the forward ones. */
interface NodeLowering {

    /** Adds the steps that compute the node's output. */
    void forward();

    /** Adds the steps that turn the output's gradient into those of the inputs and parameters. */
    void backward();
}
