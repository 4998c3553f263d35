package org.patchdiffusion.model.engine.fuzz;

/**
 * A number or an exception that should not be.
 *
 * @param engine name of the engine
 * @param phase which run of the program
 * @param tensor which output or gradient, or the exception
 * @param error relative, in the L2 norm; infinite for an exception
 * @param detail what else is known
 */
record Finding(String engine, String phase, String tensor, double error, double bar, String detail) {

    @Override
    public String toString() {
        return String.format(
                "%s, %s: %s%s%s",
                engine,
                phase,
                tensor,
                Double.isFinite(error) ? String.format(" differs by %.2e, allowed %.0e", error, bar) : "",
                detail.isEmpty() ? "" : "; " + detail);
    }
}
