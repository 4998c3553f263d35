package org.patchdiffusion.examples.verify;

/**
 * One compared number or array.
 *
 * @param what what is compared
 * @param error how far it is off; relative unless {@code what} says otherwise
 * @param bar the largest error that passes
 */
record Check(String what, double error, double bar) {

    /** Whether the error is within the bar; an error that is no number is not. */
    boolean passed() {
        return error <= bar;
    }
}
