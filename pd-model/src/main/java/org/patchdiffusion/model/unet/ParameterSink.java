package org.patchdiffusion.model.unet;

/** Receives the parameters of a network in the order of the official state dict. */
public interface ParameterSink {

    /** A trained parameter, with the shape of its SameDiff variable. */
    void parameter(String name, Init init, long... storedShape);

    /** A buffer of the state dict that is not trained. */
    void buffer(String name, Init init, long... storedShape);
}
