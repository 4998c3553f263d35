package org.patchdiffusion.examples.verify;

import java.util.ArrayList;
import java.util.List;
import org.patchdiffusion.model.precond.Preconditioning;

/** Noise level and loss weight as functions of the random draw. */
final class LossSigmaCase implements CaseKind {

    @Override
    public String prefix() {
        return "loss-sigma";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        return golden.has("rnd_normal") && golden.has("edm.sigma") && golden.has("edm.weight");
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) {
        List<Check> checks = new ArrayList<>();
        for (String name : List.of("edm", "vp", "ve")) {
            if (golden.has(name + ".sigma")) {
                Preconditioning p = Preconditioning.byName(name);
                double[] random = golden.doubles(p.drawsNormal() ? "rnd_normal" : "rnd_uniform");
                PrecondCase.add(
                        checks, golden, name + ".sigma", random, r -> p.draw(r).sigma());
                PrecondCase.add(
                        checks, golden, name + ".weight", random, r -> p.draw(r).weight());
            }
        }
        return checks;
    }
}
