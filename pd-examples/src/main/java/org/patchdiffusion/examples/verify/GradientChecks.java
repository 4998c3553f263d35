package org.patchdiffusion.examples.verify;

import java.util.ArrayList;
import java.util.List;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;

/**
 * Compares the gradient of each parameter with {@code grad.*}; reports the worst one, by name.
 *
 * @param golden the reference
 * @param gradient the gradient in the layout of the parameters
 * @param engine name of the engine that computed it
 * @param bar the largest relative error that passes
 */
record GradientChecks(GoldenCase golden, Parameters gradient, String engine, double bar) {
    private static final String PREFIX = "grad.";

    List<Check> run() {
        Check worst = null;
        double keys = 0;
        int compared = 0;
        for (ParameterLayout.Entry entry : gradient.layout().entries()) {
            if (!golden.has(PREFIX + entry.name())) {
                continue;
            }
            double[] got = Errors.doubles(gradient.view(entry.name()));
            double[] want = Errors.doubles(GoldenModel.stored(entry, golden.array(PREFIX + entry.name())));
            if (entry.name().endsWith(".qkv.bias")) {
                keys = Math.max(keys, takeKeysOut(got, want));
            }
            double error = Errors.relative(got, want);
            compared++;
            // Negated, so that an error that is no number counts as the worst.
            if (worst == null || !(error <= worst.error())) {
                worst = new Check(engine + ": gradient, worst is " + entry.name(), error, bar);
            }
        }
        List<Check> checks = new ArrayList<>();
        if (worst != null) {
            checks.add(worst);
            checks.add(new Check(
                    engine + ": gradients of no known parameter (number)",
                    golden.arrays().keySet().stream()
                                    .filter(k -> k.startsWith(PREFIX))
                                    .count()
                            - compared,
                    0));
            checks.add(new Check(engine + ": gradient of attention key biases, against the rest", keys, bar));
        }
        return checks;
    }

    /**
     * Query, key and value of a channel stand side by side. The gradient of a key's bias is zero in exact arithmetic, so
     * both sides hold rounding noise: it is measured against the rest, and left out.
     */
    private static double takeKeysOut(double[] got, double[] want) {
        double noise = 0;
        double rest = 0;
        for (int i = 0; i < want.length; i++) {
            if (i % 3 == 1) {
                noise = Math.max(noise, Math.abs(got[i]));
                got[i] = 0;
                want[i] = 0;
            } else {
                rest = Math.max(rest, Math.abs(want[i]));
            }
        }
        return Errors.ratio(noise, rest);
    }
}
