package org.patchdiffusion.examples.verify;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.patchdiffusion.eval.sample.Churn;
import org.patchdiffusion.eval.sample.KarrasSchedule;
import org.patchdiffusion.eval.sample.NoiseRange;

/**
 * Sampler settings as the reference cases write them down: a text such as {@code num_steps 8 S_churn 40 S_min .05}.
 *
 * @param values numbers by official name
 */
record SamplerSettings(Map<String, Double> values) {
    private static final Pattern PAIR = Pattern.compile("(\\w+)\\s+([-+]?\\d*\\.?\\d+(?:[eE][-+]?\\d+)?)(?![\\w.])");

    SamplerSettings {
        values = Map.copyOf(values);
    }

    static SamplerSettings of(GoldenCase golden, String key) {
        Map<String, Double> values = new HashMap<>();
        Matcher pair = PAIR.matcher(golden.setting(key).asText());
        while (pair.find()) {
            values.put(pair.group(1), Double.parseDouble(pair.group(2)));
        }
        return new SamplerSettings(values);
    }

    /** These settings, and the others' where these have none. */
    SamplerSettings over(SamplerSettings others) {
        Map<String, Double> merged = new HashMap<>(others.values);
        merged.putAll(values);
        return new SamplerSettings(merged);
    }

    double real(String name, double otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    int integer(String name, int otherwise) {
        return (int) real(name, otherwise);
    }

    /** The steps of the EDM sampler. */
    KarrasSchedule karras() {
        return new KarrasSchedule(new NoiseRange(real("sigma_min", 0.002), real("sigma_max", 80)), real("rho", 7));
    }

    /** The fresh noise of the EDM sampler. */
    Churn churn() {
        return new Churn(
                real("S_churn", 0), real("S_min", 0), real("S_max", Double.POSITIVE_INFINITY), real("S_noise", 1));
    }
}
