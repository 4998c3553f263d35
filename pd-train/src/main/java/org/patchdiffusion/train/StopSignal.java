package org.patchdiffusion.train;

/** Tells whoever works long between two steps, such as drawing samples, that training waits to be stopped. */
@FunctionalInterface
public interface StopSignal {

    /** Never stops. */
    StopSignal NONE = () -> false;

    /**
     * Whether somebody has asked training to stop and the checkpoint for it is not written yet: leave what you do and
     * return. Once it is written this is false again, until somebody asks once more. May be called from any thread.
     */
    boolean isStopping();
}
