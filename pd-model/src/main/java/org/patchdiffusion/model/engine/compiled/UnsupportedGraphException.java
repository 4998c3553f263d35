package org.patchdiffusion.model.engine.compiled;

/** The compiler met a node or a size that it has no fast form for; the generic plan takes the graph instead. */
final class UnsupportedGraphException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnsupportedGraphException(String message) {
        super(message);
    }
}
