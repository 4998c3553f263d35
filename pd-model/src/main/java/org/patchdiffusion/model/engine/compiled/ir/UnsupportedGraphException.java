package org.patchdiffusion.model.engine.compiled.ir;

/** Says which part of a graph cannot be compiled, and why. */
public final class UnsupportedGraphException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String variable;

    /** A graph that cannot be compiled at all. */
    public UnsupportedGraphException(String why) {
        this(null, why);
    }

    /** A part of a graph that cannot be compiled: what computes this variable. */
    public UnsupportedGraphException(String variable, String why) {
        super(variable == null ? why : variable + ": " + why);
        this.variable = variable;
    }

    /** The variable whose computation cannot be compiled; null if it is the graph as a whole. */
    public String variable() {
        return variable;
    }
}
