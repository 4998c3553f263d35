package org.patchdiffusion.train;

/** Why training ended. */
public enum StopReason {
    /** All images of the configured duration were shown. */
    DURATION,
    /** The wall-clock budget ran out. */
    BUDGET,
    /** Somebody asked for it. */
    REQUEST
}
