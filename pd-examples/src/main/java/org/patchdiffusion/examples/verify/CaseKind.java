package org.patchdiffusion.examples.verify;

import java.io.IOException;
import java.util.List;

/** A kind of reference case that can be run. */
interface CaseKind {

    /** What the names of such cases begin with. */
    String prefix();

    /** Whether a case with a name of its own holds what this kind needs. */
    boolean recognises(GoldenCase golden);

    /**
     * Runs a case.
     *
     * @throws IOException if a file that belongs to it cannot be read
     * @throws IllegalArgumentException if it lacks something
     */
    List<Check> run(GoldenCase golden, VerificationEngines engines) throws IOException;
}
