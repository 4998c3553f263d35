package org.patchdiffusion.model.engine.plan;

/** Says that a graph is in order, but that no static plan can hold it: control flow, or shapes that depend on contents. */
public final class UnplannedGraphException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    public UnplannedGraphException(String message) {
        super(message);
    }

    public UnplannedGraphException(String message, Throwable cause) {
        super(message, cause);
    }
}
