package org.patchdiffusion.examples.verify;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.patchdiffusion.model.DiffusionModel;

/** The networks that a sampler case refers to: {@code NAME (what it is used for), NAME (...)}. */
final class SamplerNetworks {
    private static final Pattern REFERENCE = Pattern.compile("([\\w.-]+)([^()]*)\\(([^()]*)\\)");

    private SamplerNetworks() {}

    static DiffusionModel unconditional(GoldenCase golden) throws IOException {
        return read(golden, "steps", "unet-ddpmpp");
    }

    static DiffusionModel conditional(GoldenCase golden) throws IOException {
        return read(golden, "cond", "unet-ddpmpp-cond-augment");
    }

    private static DiffusionModel read(GoldenCase golden, String use, String otherwise) throws IOException {
        String name = otherwise;
        Matcher reference = REFERENCE.matcher(golden.settings().path("network").asText());
        while (reference.find()) {
            if (reference.group(3).contains(use)) {
                name = reference.group(1);
            }
        }
        try (GoldenCase network = GoldenCase.read(golden.folder(), name)) {
            return GoldenModel.of(network);
        }
    }
}
