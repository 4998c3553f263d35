package org.patchdiffusion.examples.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.patchdiffusion.model.precond.IddpmPreconditioning;
import org.patchdiffusion.model.precond.Preconditioning;

/** The coefficients of every preconditioning over a list of noise levels. */
final class PrecondCase implements CaseKind {
    private static final List<String> NAMES = List.of("edm", "vp", "ve", "iddpm");

    @Override
    public String prefix() {
        return "precond";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        return golden.has("sigma") && golden.has("edm.c_skip");
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) {
        List<Check> checks = new ArrayList<>();
        double[] sigma = golden.doubles("sigma");
        for (String name : NAMES) {
            if (!golden.has(name + ".c_skip")) {
                continue;
            }
            Preconditioning p = Preconditioning.byName(name);
            add(checks, golden, name + ".c_skip", sigma, p::cSkip);
            add(checks, golden, name + ".c_out", sigma, p::cOut);
            add(checks, golden, name + ".c_in", sigma, p::cIn);
            add(checks, golden, name + ".c_noise", sigma, p::cNoise);
            add(checks, golden, name + ".round_sigma", sigma, p::roundSigma);
            double[] range = {p.sigmaMin(), p.sigmaMax()};
            add(checks, golden, name + ".sigma_min_max", range, value -> value);
        }
        if (golden.has("iddpm.u")) {
            double[] table = IddpmPreconditioning.standard().table();
            add(checks, golden, "iddpm.u", table, value -> value);
        }
        return checks;
    }

    /** Adds the largest relative error of a function's values. */
    static void add(
            List<Check> checks, GoldenCase golden, String key, double[] arguments, DoubleUnaryOperator function) {
        double[] got = Arrays.stream(arguments).map(function).toArray();
        checks.add(new Check(key, Errors.largestRelative(got, golden.doubles(key)), Bars.FORMULA));
    }
}
