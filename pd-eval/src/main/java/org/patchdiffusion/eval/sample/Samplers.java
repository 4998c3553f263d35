package org.patchdiffusion.eval.sample;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The samplers by name, each with its usual settings. */
public final class Samplers {
    private static final Map<String, Supplier<Sampler>> BY_NAME = new TreeMap<>(Map.ofEntries(
            Map.entry("heun", EdmSampler::new),
            Map.entry("euler", EulerSampler::new),
            Map.entry("ddim", () -> new AncestralEulerSampler(0, 1)),
            Map.entry("euler-ancestral", AncestralEulerSampler::new),
            Map.entry("dpmpp-2m", Dpmpp2mSampler::new),
            Map.entry("dpmpp-2s-ancestral", Dpmpp2sAncestralSampler::new),
            Map.entry("dpmpp-2m-sde", () -> new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.MIDPOINT)),
            Map.entry("dpmpp-2m-sde-heun", () -> new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.HEUN)),
            Map.entry("dpmpp-3m", () -> new Dpmpp3mSdeSampler(Dpmpp3mSdeSampler.Curvature.WHOLE, 0, 1)),
            Map.entry("dpmpp-3m-sde", Dpmpp3mSdeSampler::new),
            Map.entry("lms", LmsSampler::new),
            Map.entry("unipc-bh1-2", () -> new UniPcSampler(UniPcSampler.Variant.B1, 2)),
            Map.entry("unipc-bh1-3", () -> new UniPcSampler(UniPcSampler.Variant.B1, 3)),
            Map.entry("unipc-bh2-2", () -> new UniPcSampler(UniPcSampler.Variant.B2, 2)),
            Map.entry("unipc-bh2-3", () -> new UniPcSampler(UniPcSampler.Variant.B2, 3))));

    private Samplers() {}

    /** The names that {@link #byName} takes, in alphabetical order. */
    public static List<String> names() {
        return List.copyOf(BY_NAME.keySet());
    }

    /**
     * A sampler.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static Sampler byName(String name) {
        Supplier<Sampler> sampler = BY_NAME.get(name);
        if (sampler == null) {
            throw new IllegalArgumentException(
                    "there is no sampler named " + name + "; choose one of " + String.join(", ", names()));
        }
        return sampler.get();
    }
}
