package org.patchdiffusion.train.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;

/** What {@code training_options.json} says, for people. What it does not say is left out. */
final class RunFacts {

    private RunFacts() {}

    /** What was trained on what, how. */
    static Map<String, String> of(JsonNode options) {
        Map<String, String> facts = new LinkedHashMap<>();
        ModelConfig model = model(options);
        JsonNode data = options.path("data");
        if (data.has("name")) {
            facts.put(
                    "Data",
                    data.path("name").asText()
                            + (data.has("images")
                                    ? ", " + images(data.path("images").asLong())
                                    : "")
                            + (model == null ? "" : " of " + model.width() + "x" + model.height()));
        }
        if (model != null) {
            facts.put(
                    "Network",
                    network(model.network(), options.path("parameters").asLong()));
        }
        if (options.path("patch_sizes").isTextual()) {
            facts.put("Patches", patches(options));
        }
        settings(options.path("training"), facts);
        JsonNode versions = options.path("versions");
        if (versions.has("engine")) {
            facts.put(
                    "Ran on",
                    versions.path("engine").asText() + " engine, "
                            + versions.path("backend").asText() + ", Java "
                            + versions.path("java").asText() + ", "
                            + versions.path("os").asText());
        }
        return facts;
    }

    private static String images(long number) {
        return String.format(Locale.ROOT, number == 1 ? "%d image" : "%,d images", number);
    }

    private static ModelConfig model(JsonNode options) {
        try {
            return options.has("model")
                    ? ModelConfig.fromJson(options.path("model").toString())
                    : null;
        } catch (IllegalArgumentException e) {
            // Of another version: the table of all options still shows it.
            return null;
        }
    }

    private static void settings(JsonNode training, Map<String, String> facts) {
        List<String> parts = new ArrayList<>();
        Map.of("batch", "batch", "learning_rate", "learning rate", "seed", "seed").entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(setting -> {
                    JsonNode value = training.findValue(setting.getKey());
                    if (value != null && value.isValueNode()) {
                        parts.add(setting.getValue() + " " + value.asText());
                    }
                });
        if (!parts.isEmpty()) {
            facts.put("Settings", String.join(", ", parts));
        }
    }

    /** Each size, as a share of the image's sides or in pixels, with how much of the run it has. */
    private static String patches(JsonNode options) {
        String text = options.path("patch_sizes").asText();
        PatchDistribution distribution;
        try {
            distribution = PatchDistribution.parse(text);
        } catch (IllegalArgumentException e) {
            return text;
        }
        String sizes = distribution.shares().stream()
                .filter(share -> share.probability() > 0)
                .map(share -> String.format(
                        Locale.ROOT,
                        "%s%s: %.1f%%",
                        share.side(),
                        share.side() instanceof PatchDistribution.Pixels ? " pixels" : "",
                        100 * share.probability()))
                .collect(Collectors.joining(", "));
        JsonNode progressive = options.path("training").findValue("progressive");
        return sizes
                + (progressive != null && progressive.asBoolean()
                        ? " of the images, from small to large"
                        : " of the steps");
    }

    private static String network(UNetConfig network, long parameters) {
        String levels = network.channelMult().stream()
                .map(multiplier -> String.valueOf(multiplier * network.modelChannels()))
                .collect(Collectors.joining(", "));
        String attention =
                network.attnResolutions().stream().map(String::valueOf).collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "%s U-Net of %,d parameters: channels %s, residual blocks a level: %d, attention %s",
                family(network),
                parameters,
                levels,
                network.numBlocks(),
                attention.isEmpty() ? "none" : "at " + attention);
    }

    private static String family(UNetConfig network) {
        if (network.architecture() == UNetConfig.Architecture.DHARIWAL) {
            return "ADM";
        }
        return network.embedding() == UNetConfig.Embedding.FOURIER ? "NCSN++" : "DDPM++";
    }

    /** Every option by its place, such as {@code training.batch}, in the order of the file. */
    static Map<String, String> all(JsonNode options) {
        Map<String, String> all = new LinkedHashMap<>();
        flatten("", options, all);
        // Shown as commands of their own.
        all.keySet().removeAll(List.of("command_line", "earlier"));
        return all;
    }

    private static void flatten(String prefix, JsonNode node, Map<String, String> into) {
        if (node.isObject()) {
            node.fields()
                    .forEachRemaining(member -> flatten(
                            prefix.isEmpty() ? member.getKey() : prefix + "." + member.getKey(),
                            member.getValue(),
                            into));
        } else if (!node.isMissingNode()) {
            into.put(prefix, node.isTextual() ? node.asText() : node.toString());
        }
    }

    /** The command that started the run, as one would type it; empty if it is not recorded. */
    static String commandLine(JsonNode options) {
        JsonNode words = options.path("command_line");
        if (words.isTextual()) {
            return words.asText();
        }
        List<String> quoted = new ArrayList<>();
        words.forEach(word -> quoted.add(quote(word.asText())));
        return String.join(" ", quoted);
    }

    /** A word as a shell takes it. */
    static String quote(String word) {
        return word.matches("[A-Za-z0-9_@%+=:,./\\\\-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
