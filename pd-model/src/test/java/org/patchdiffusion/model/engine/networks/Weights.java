package org.patchdiffusion.model.engine.networks;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Where a network's tensors come from, by their official names and in official axes: kernels are [out, in, kH, kW]. */
@FunctionalInterface
interface Weights {

    /** The tensor of a name, of the shape that the network needs. */
    INDArray get(String name, long... shape);
}
