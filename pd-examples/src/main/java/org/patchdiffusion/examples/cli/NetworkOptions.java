package org.patchdiffusion.examples.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.patchdiffusion.model.UNetConfig;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that make a network, by their official names. */
final class NetworkOptions implements HelpSection {

    /** Of a network that is asked for its kind alone. */
    private static final int ANY_RESOLUTION = 64;

    /** Families of networks. */
    enum Arch {
        DDPMPP,
        NCSNPP,
        ADM;

        private UNetConfig.Builder start(int resolution, int imageChannels) {
            return switch (this) {
                case DDPMPP -> UNetConfig.ddpmpp(resolution, imageChannels);
                case NCSNPP -> UNetConfig.ncsnpp(resolution, imageChannels);
                case ADM -> UNetConfig.adm(resolution, imageChannels);
            };
        }
    }

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(names = "--arch", paramLabel = "NAME", description = "ddpmpp, ncsnpp or adm.")
    Arch arch;

    @Option(
            names = "--cbase",
            paramLabel = "N",
            converter = WholeNumber.Positive.class,
            description = "Channels at multiplier 1.")
    Integer cbase;

    @Option(
            names = "--cres",
            paramLabel = "LIST",
            converter = IntegerList.Positive.class,
            description = "Multiplier of each level, each of which halves the image.")
    IntegerList cres;

    @Option(
            names = "--blocks",
            paramLabel = "N",
            converter = WholeNumber.Positive.class,
            description = "Residual blocks of a level.")
    Integer blocks;

    @Option(
            names = "--attn",
            paramLabel = "LIST",
            converter = IntegerList.Positive.class,
            description = "Resolutions with attention, or none.")
    IntegerList attn;

    @Option(names = "--embedding", paramLabel = "NAME", description = "Noise embedding: positional or fourier.")
    UNetConfig.Embedding embedding;

    @Option(names = "--encoder", paramLabel = "NAME", description = "Encoder: standard, skip or residual.")
    UNetConfig.EncoderKind encoder;

    @Option(names = "--decoder", paramLabel = "NAME", description = "Decoder: standard or skip.")
    UNetConfig.DecoderKind decoder;

    @Option(
            names = "--filter",
            paramLabel = "LIST",
            converter = IntegerList.Positive.class,
            description = "Resampling filter, such as 1,1 or 1,3,3,1.")
    IntegerList filter;

    @Option(
            names = "--noise-mult",
            paramLabel = "N",
            converter = WholeNumber.Positive.class,
            description = "Width of the noise embedding in multiples of --cbase.")
    Integer noiseMultiplier;

    @Option(
            names = "--emb-mult",
            paramLabel = "N",
            converter = WholeNumber.Positive.class,
            description = "Width of the embedding vector in multiples of --cbase.")
    Integer embeddingMultiplier;

    @Option(
            names = {"--implicit-mlp", "--implicit_mlp"},
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = "BOOL",
            converter = YesNo.Converter.class,
            description = "Start with the coordinate network in place of the first convolution.")
    YesNo implicitMlp;

    @Override
    public String heading() {
        return """
                The network. Without a preset, what is not given is the architecture's: for ddpmpp
                and ncsnpp --cbase 128 --cres 2,2,2 --blocks 4 --attn 16, for adm --cbase 192
                --cres 1,2,3,4 --blocks 3 --attn 32,16,8.""";
    }

    /** The family of the network. */
    Arch family() {
        return arch == null ? Arch.DDPMPP : arch;
    }

    /**
     * The network for images of a resolution.
     *
     * @param training sets what training adds to the network
     */
    UNetConfig build(int resolution, int imageChannels, Consumer<UNetConfig.Builder> training) {
        try {
            UNetConfig.Builder builder = family().start(resolution, imageChannels);
            applySizes(builder);
            training.accept(builder);
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "these options make no network: " + e.getMessage(), e);
        }
    }

    /**
     * Refuses a given option that the network of a file contradicts.
     *
     * @param file the file, for the message
     * @throws ParameterException naming the first such option
     */
    void requireSame(UNetConfig network, Path file) {
        List<OptionSpec> given = GivenOptions.of(command, this);
        if (describe(network, given)) {
            return;
        }
        for (OptionSpec option : given) {
            if (!describe(network, List.of(option))) {
                throw new ParameterException(
                        command.commandLine(),
                        option.longestName() + " " + String.join(",", option.originalStringValues())
                                + " is not what the network of --transfer " + file + " has; leave it out");
            }
        }
    }

    /** Whether a network keeps what it is if these options are applied to it. */
    private static boolean describe(UNetConfig network, List<OptionSpec> options) {
        NetworkOptions alone = new NetworkOptions();
        CommandLine parser =
                new CommandLine(CommandSpec.create().addMixin("network", CommandSpec.forAnnotatedObject(alone)));
        Choices.install(parser);
        parser.parseArgs(options.stream()
                .map(option -> option.longestName() + "=" + String.join(",", option.originalStringValues()))
                .toArray(String[]::new));
        UNetConfig.Builder changed = network.toBuilder();
        if (alone.arch != null) {
            UNetConfig family = alone.arch.start(ANY_RESOLUTION, 1).build();
            changed.architecture(family.architecture())
                    .embedding(family.embedding())
                    .channelMultNoise(family.channelMultNoise())
                    .encoder(family.encoder())
                    .decoder(family.decoder())
                    .resampleFilter(family.resampleFilter());
        }
        alone.applySizes(changed);
        try {
            return changed.build().equals(network);
        } catch (IllegalArgumentException e) {
            return false; // Not even a network: certainly another one.
        }
    }

    private void applySizes(UNetConfig.Builder builder) {
        given(cbase, builder::modelChannels);
        given(cres, list -> builder.channelMult(list.values()));
        given(blocks, builder::numBlocks);
        given(attn, list -> builder.attnResolutions(list.values()));
        given(embedding, builder::embedding);
        given(encoder, builder::encoder);
        given(decoder, builder::decoder);
        given(filter, list -> builder.resampleFilter(list.values()));
        given(noiseMultiplier, builder::channelMultNoise);
        given(embeddingMultiplier, builder::channelMultEmb);
        given(implicitMlp, choice -> builder.implicitMlp(choice.value()));
    }

    private static <T> void given(T value, Consumer<T> setting) {
        if (value != null) {
            setting.accept(value);
        }
    }
}
