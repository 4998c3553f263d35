package org.patchdiffusion.model.io;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.model.precond.IddpmPreconditioning;
import org.patchdiffusion.model.precond.Preconditioning;
import org.patchdiffusion.model.precond.VePreconditioning;
import org.patchdiffusion.model.precond.VpPreconditioning;

/**
 * Translates the arguments with which the official tools make a network ({@code img_resolution}, {@code model_type},
 * {@code channel_mult} and so on) into a configuration. What is not given has the official default.
 */
public final class OfficialSettings {
    private static final String SONG = "SongUNet";
    private static final String DHARIWAL = "DhariwalUNet";

    /** Arguments without influence on D(x): arithmetic, and limits that the samplers apply by themselves. */
    private static final Set<String> IRRELEVANT = Set.of("use_fp16", "sigma_min", "sigma_max");

    private final Map<String, ?> settings;
    private final Set<String> unused;

    private OfficialSettings(Map<String, ?> settings) {
        this.settings = settings;
        this.unused = new TreeSet<>(settings.keySet());
    }

    /**
     * The configuration of an official network.
     *
     * @param preconditioning official class name, such as {@code Patch_EDMPrecond}
     * @param network its arguments by official name
     * @param loss arguments of the loss ({@code P_mean}, {@code P_std}), which set the noise levels in training; may be
     *     empty
     * @throws IllegalArgumentException if an argument is unknown, missing, of the wrong type or out of range
     */
    public static ModelConfig toConfig(String preconditioning, Map<String, ?> network, Map<String, ?> loss) {
        OfficialSettings settings = new OfficialSettings(network);
        int resolution = settings.integer("img_resolution", null);
        Preconditioning precond = settings.preconditioning(preconditioning, new OfficialSettings(loss));
        UNetConfig unet = settings.network(resolution, preconditioning);
        settings.unused.removeAll(IRRELEVANT);
        if (!settings.unused.isEmpty()) {
            throw new IllegalArgumentException("the network has unknown settings, such as "
                    + Messages.printable(settings.unused.iterator().next()));
        }
        return new ModelConfig(unet, precond, resolution, resolution);
    }

    private Preconditioning preconditioning(String className, OfficialSettings loss) {
        return switch (className) {
            case "EDMPrecond", "Patch_EDMPrecond" -> new EdmPreconditioning(
                    loss.real("P_mean", -1.2), loss.real("P_std", 1.2), real("sigma_data", 0.5));
            case "VPPrecond" -> new VpPreconditioning(
                    real("beta_d", 19.9), real("beta_min", 0.1), integer("M", 1000), real("epsilon_t", 1e-5));
            case "VEPrecond" -> new VePreconditioning(real("sigma_min", 0.02), real("sigma_max", 100));
            case "iDDPMPrecond" -> new IddpmPreconditioning(real("C_1", 0.001), real("C_2", 0.008), integer("M", 1000));
            default -> throw new IllegalArgumentException("the preconditioning " + Messages.printable(className)
                    + " is unknown; expected Patch_EDMPrecond, EDMPrecond, VPPrecond, VEPrecond or iDDPMPrecond");
        };
    }

    private UNetConfig network(int resolution, String preconditioning) {
        boolean songByDefault = preconditioning.equals("VPPrecond") || preconditioning.equals("VEPrecond");
        String type = text("model_type", songByDefault ? SONG : DHARIWAL);
        int inChannels = integer("img_channels", null);
        int outChannels = integer("out_channels", inChannels);
        if (inChannels <= outChannels && !preconditioning.equals("iDDPMPrecond")) {
            throw new IllegalArgumentException("the network takes " + inChannels + " channels and gives " + outChannels
                    + ": it was trained without the two position channels, so it cannot be used here");
        }
        UNetConfig.Builder builder = UNetConfig.ddpmpp(resolution, inChannels - UNetConfig.POSITION_CHANNELS)
                .outChannels(outChannels)
                .labelDim(integer("label_dim", 0))
                .augmentDim(integer("augment_dim", 0))
                .channelMultEmb(integer("channel_mult_emb", 4))
                .dropout(real("dropout", 0.1))
                .labelDropout(real("label_dropout", 0));
        return switch (type) {
            case SONG -> song(builder);
            case DHARIWAL -> dhariwal(builder);
            default -> throw new IllegalArgumentException("the network type " + Messages.printable(type)
                    + " is unknown; expected " + SONG + " or " + DHARIWAL);
        };
    }

    private UNetConfig song(UNetConfig.Builder builder) {
        return builder.architecture(UNetConfig.Architecture.SONG)
                .modelChannels(integer("model_channels", 128))
                .channelMult(integers("channel_mult", List.of(1, 2, 2, 2)))
                .numBlocks(integer("num_blocks", 4))
                .attnResolutions(integers("attn_resolutions", List.of(16)))
                .embedding(choice("embedding_type", UNetConfig.Embedding.class, "positional"))
                .channelMultNoise(integer("channel_mult_noise", 1))
                .encoder(choice("encoder_type", UNetConfig.EncoderKind.class, "standard"))
                .decoder(choice("decoder_type", UNetConfig.DecoderKind.class, "standard"))
                .resampleFilter(integers("resample_filter", List.of(1, 1)))
                .implicitMlp(flag("implicit_mlp", false))
                .build();
    }

    private UNetConfig dhariwal(UNetConfig.Builder builder) {
        return builder.architecture(UNetConfig.Architecture.DHARIWAL)
                .modelChannels(integer("model_channels", 192))
                .channelMult(integers("channel_mult", List.of(1, 2, 3, 4)))
                .numBlocks(integer("num_blocks", 3))
                .attnResolutions(integers("attn_resolutions", List.of(32, 16, 8)))
                .build();
    }

    private Object take(String name, Object otherwise) {
        unused.remove(name);
        Object value = settings.containsKey(name) ? settings.get(name) : otherwise;
        if (value == null) {
            throw new IllegalArgumentException("the network's setting " + name + " is missing");
        }
        return value;
    }

    private int integer(String name, Integer otherwise) {
        return asInteger(name, take(name, otherwise));
    }

    private double real(String name, double otherwise) {
        if (take(name, otherwise) instanceof Number number) {
            return number.doubleValue();
        }
        throw wrong(name, "a number");
    }

    private String text(String name, String otherwise) {
        if (take(name, otherwise) instanceof String text) {
            return text;
        }
        throw wrong(name, "a text");
    }

    private boolean flag(String name, boolean otherwise) {
        if (take(name, otherwise) instanceof Boolean flag) {
            return flag;
        }
        throw wrong(name, "true or false");
    }

    private List<Integer> integers(String name, List<Integer> otherwise) {
        if (!(take(name, otherwise) instanceof List<?> list)) {
            throw wrong(name, "a list of whole numbers");
        }
        List<Integer> result = new ArrayList<>();
        list.forEach(value -> result.add(asInteger(name, value)));
        return result;
    }

    private <E extends Enum<E>> E choice(String name, Class<E> type, String otherwise) {
        String value = text(name, otherwise);
        try {
            return Enum.valueOf(type, value.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            String known = Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT);
            throw wrong(name, "one of " + known, e);
        }
    }

    private int asInteger(String name, Object value) {
        if (value instanceof Number number
                && number.doubleValue() == Math.rint(number.doubleValue())
                && Math.abs(number.doubleValue()) <= Integer.MAX_VALUE) {
            return number.intValue();
        }
        throw wrong(name, "a whole number");
    }

    private IllegalArgumentException wrong(String name, String expected) {
        return wrong(name, expected, null);
    }

    private IllegalArgumentException wrong(String name, String expected, Exception cause) {
        return new IllegalArgumentException(
                "the network's setting " + name + " is " + describe(settings.get(name)) + ", expected " + expected,
                cause);
    }

    /** A value for a message. Lists may hold each other many times over, so they are never written out. */
    private static String describe(Object value) {
        if (value instanceof List<?> list) {
            return "a list of " + list.size() + " values";
        }
        return value instanceof Map<?, ?> ? "a dictionary" : Messages.printable(String.valueOf(value));
    }
}
