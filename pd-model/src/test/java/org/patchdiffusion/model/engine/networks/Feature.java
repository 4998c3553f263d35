package org.patchdiffusion.model.engine.networks;

import org.nd4j.autodiff.samediff.SDVariable;

/** Images [batch, channels, height, width] in a graph, with the sizes that SameDiff forgets. */
record Feature(SDVariable value, int channels, int height, int width) {

    /** Another value of the same sizes. */
    Feature with(SDVariable other) {
        return new Feature(other, channels, height, width);
    }
}
