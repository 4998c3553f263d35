package org.patchdiffusion.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The arguments with which the official implementation constructs a network, as its snapshots keep them:
 * {@code img_resolution}, {@code model_type}, {@code channel_mult} and so on.
 */
public final class OfficialArguments {

    private static final Map<String, Object> SONG_DEFAULTS = Map.ofEntries(
            Map.entry("label_dim", 0),
            Map.entry("augment_dim", 0),
            Map.entry("model_channels", 128),
            Map.entry("channel_mult", List.of(1, 2, 2, 2)),
            Map.entry("channel_mult_emb", 4),
            Map.entry("num_blocks", 4),
            Map.entry("attn_resolutions", List.of(16)),
            Map.entry("dropout", 0.1),
            Map.entry("label_dropout", 0),
            Map.entry("embedding_type", "positional"),
            Map.entry("channel_mult_noise", 1),
            Map.entry("encoder_type", "standard"),
            Map.entry("decoder_type", "standard"),
            Map.entry("resample_filter", List.of(1, 1)),
            Map.entry("implicit_mlp", false));

    private static final Map<String, Object> DHARIWAL_DEFAULTS = Map.of(
            "model_channels",
            192,
            "channel_mult",
            List.of(1, 2, 3, 4),
            "num_blocks",
            3,
            "attn_resolutions",
            List.of(32, 16, 8));

    /** Arguments that say how to compute or precondition, not what the network is. */
    private static final Set<String> NOT_OF_THE_NETWORK =
            Set.of("use_fp16", "sigma_min", "sigma_max", "sigma_data", "model_type");

    private final Map<String, Object> values;

    private OfficialArguments(Map<String, Object> values) {
        this.values = values;
    }

    /**
     * The network that the arguments describe.
     *
     * @param arguments by official name: numbers, strings, booleans, lists of numbers; those left out have the official
     *     default of the {@code model_type}
     * @throws IllegalArgumentException if an argument is unknown, missing, of the wrong type or out of range
     */
    public static UNetConfig network(Map<String, ?> arguments) {
        String type = String.valueOf(arguments.get("model_type"));
        Map<String, Object> values = new HashMap<>(SONG_DEFAULTS);
        UNetConfig.Architecture architecture;
        switch (type) {
            case "SongUNet" -> architecture = UNetConfig.Architecture.SONG;
            case "DhariwalUNet" -> {
                architecture = UNetConfig.Architecture.DHARIWAL;
                values.putAll(DHARIWAL_DEFAULTS);
            }
            default -> throw new IllegalArgumentException(
                    "model_type is " + type + ", expected SongUNet or DhariwalUNet");
        }
        Set<String> required = Set.of("img_resolution", "img_channels", "out_channels");
        for (Map.Entry<String, ?> argument : arguments.entrySet()) {
            String name = argument.getKey();
            if (NOT_OF_THE_NETWORK.contains(name)) {
                continue;
            }
            if (!values.containsKey(name) && !required.contains(name)) {
                throw new IllegalArgumentException("unknown network argument " + name);
            }
            values.put(name, argument.getValue());
        }
        return new OfficialArguments(values).build(architecture);
    }

    private UNetConfig build(UNetConfig.Architecture architecture) {
        return new UNetConfig(
                architecture,
                integer("img_resolution"),
                integer("img_channels"),
                integer("out_channels"),
                integer("label_dim"),
                integer("augment_dim"),
                integer("model_channels"),
                integers("channel_mult"),
                integer("channel_mult_emb"),
                integer("num_blocks"),
                integers("attn_resolutions"),
                get("dropout", Number.class).doubleValue(),
                get("label_dropout", Number.class).doubleValue(),
                choice("embedding_type", UNetConfig.Embedding.class),
                integer("channel_mult_noise"),
                choice("encoder_type", UNetConfig.Encoder.class),
                choice("decoder_type", UNetConfig.Decoder.class),
                integers("resample_filter"),
                get("implicit_mlp", Boolean.class));
    }

    private <T> T get(String name, Class<T> type) {
        Object value = values.get(name);
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException("network argument " + name + " is " + value + ", expected a "
                    + type.getSimpleName().toLowerCase(Locale.ROOT));
        }
        return type.cast(value);
    }

    private int integer(String name) {
        return exact(name, get(name, Number.class));
    }

    private List<Integer> integers(String name) {
        List<Integer> result = new ArrayList<>();
        for (Object value : get(name, List.class)) {
            result.add(exact(name, value));
        }
        return result;
    }

    private static int exact(String name, Object value) {
        if (value instanceof Number number && number.doubleValue() == number.intValue()) {
            return number.intValue();
        }
        throw new IllegalArgumentException("network argument " + name + " holds " + value + ", expected an integer");
    }

    private <E extends Enum<E>> E choice(String name, Class<E> type) {
        String value = get(name, String.class);
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> constant.name().equalsIgnoreCase(value))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("network argument " + name + " is " + value + ", expected one of "
                                + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT)));
    }
}
