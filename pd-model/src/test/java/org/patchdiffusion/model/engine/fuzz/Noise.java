package org.patchdiffusion.model.engine.fuzz;

import java.util.List;

/**
 * Rounding made visible: every step of a float64 graph is disturbed a little.
 *
 * @param size relative
 * @param scales root mean square of each step's values, in the order of the recipe
 */
record Noise(double size, long seed, List<Double> scales) {
    static final Noise NONE = new Noise(0, 0, List.of());
}
