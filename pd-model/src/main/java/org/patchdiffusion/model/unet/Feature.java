package org.patchdiffusion.model.unet;

import org.nd4j.autodiff.samediff.SDVariable;

/** A feature map {@code [B, channels, height, width]} of a graph under construction, with its static shape. */
public record Feature(SDVariable value, int channels, int height, int width) {

    /** Another map of the same shape. */
    Feature with(SDVariable other) {
        return new Feature(other, channels, height, width);
    }
}
