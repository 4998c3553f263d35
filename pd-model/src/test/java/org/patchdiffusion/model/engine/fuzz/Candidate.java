package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.List;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;

/**
 * An engine under test.
 *
 * @param outputBar largest relative error of an output
 * @param gradientBar largest relative error of a parameter's gradient
 * @param rounding relative rounding of one of its operations, for tensors that lose digits by cancellation
 * @param engine kept for all graphs, as an application would
 */
record Candidate(String name, double outputBar, double gradientBar, double rounding, Engine engine) {

    /** All engines that promise something about accuracy; ND4J's own operations sum one element after the other. */
    static List<Candidate> all() {
        List<Candidate> all = new ArrayList<>(
                List.of(of("generic", 1e-5, 1e-4, 2e-6), of("exact", 1e-5, 1e-4, 3e-7), of("fast", 1e-4, 1e-3, 5e-6)));
        if (EngineProbe.hasBfloat16()) {
            all.add(of("bf16", 3e-2, 1e-1, 4e-3));
        }
        return all;
    }

    static Candidate of(String name, double outputBar, double gradientBar, double rounding) {
        return new Candidate(name, outputBar, gradientBar, rounding, Engines.byName(name));
    }

    @Override
    public String toString() {
        return name;
    }
}
