package org.patchdiffusion.model.engine.compiled.read;

import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** Knows one pattern of operations: those that end in an op of certain names. */
@FunctionalInterface
interface Recogniser {

    /**
     * Reads the pattern that ends in an op, if it is this one.
     *
     * @return the tensor that the op makes; null if the operations are not those of the pattern, or mean something else
     */
    Value read(Reading graph, SameDiffOp op);
}
