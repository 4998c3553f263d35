package org.patchdiffusion.examples.verify;

import java.util.ArrayList;
import java.util.List;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;

/**
 * Compares the gradient of each parameter with {@code grad.*}; reports the worst one, by name. In bfloat16 the direction and the
 * length are compared, each with its own worst one.
 *
 * @param golden the reference
 * @param gradient the gradient in the layout of the parameters
 * @param engine name of the engine that computed it
 * @param bars what passes
 */
record GradientChecks(GoldenCase golden, Parameters gradient, String engine, Bars bars) {
    private static final String PREFIX = "grad.";

    List<Check> run() {
        Check worst = null;
        Check worstLength = null;
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
            compared++;
            if (bars.length() > 0) {
                worst = worse(worst, "1 - cosine of gradient", entry, 1 - Errors.cosine(got, want), bars.gradient());
                double length = Math.abs(Errors.ratio(Errors.norm(got), Errors.norm(want)) - 1);
                worstLength = worse(worstLength, "length of gradient", entry, length, bars.length());
            } else {
                worst = worse(worst, "gradient", entry, Errors.relative(got, want), bars.gradient());
            }
        }
        List<Check> checks = new ArrayList<>();
        if (worst != null) {
            checks.add(worst);
            if (worstLength != null) {
                checks.add(worstLength);
            }
            checks.add(new Check(
                    engine + ": gradients of no known parameter (number)",
                    golden.arrays().keySet().stream()
                                    .filter(k -> k.startsWith(PREFIX))
                                    .count()
                            - compared,
                    0));
            checks.add(
                    new Check(engine + ": gradient of attention key biases, against the rest", keys, bars.gradient()));
        }
        return checks;
    }

    /** Negated, so that an error that is no number counts as the worst. */
    private Check worse(Check worst, String what, ParameterLayout.Entry entry, double error, double bar) {
        return worst == null || !(error <= worst.error())
                ? new Check(engine + ": " + what + ", worst is " + entry.name(), error, bar)
                : worst;
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
