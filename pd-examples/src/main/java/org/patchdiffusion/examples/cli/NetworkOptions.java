package org.patchdiffusion.examples.cli;

import java.util.function.Consumer;
import org.patchdiffusion.model.UNetConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that make a network, by their official names. */
final class NetworkOptions {

    /** Families of networks. */
    enum Arch {
        DDPMPP,
        NCSNPP,
        ADM
    }

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--arch",
            paramLabel = "NAME",
            defaultValue = "ddpmpp",
            description = "Network: ddpmpp, ncsnpp or adm; default ${DEFAULT-VALUE}.")
    Arch arch;

    @Option(names = "--cbase", paramLabel = "N", description = "Channels at multiplier 1; default 128, for adm 192.")
    Integer cbase;

    @Option(
            names = "--cres",
            paramLabel = "LIST",
            converter = IntegerList.Converter.class,
            description = "Multiplier of each level; default 2,2,2, for adm 1,2,3,4.")
    IntegerList cres;

    @Option(names = "--blocks", paramLabel = "N", description = "Residual blocks of a level; default 4, for adm 3.")
    Integer blocks;

    @Option(
            names = "--attn",
            paramLabel = "LIST",
            converter = IntegerList.Converter.class,
            description = "Resolutions with attention, or none; default 16, for adm 32,16,8.")
    IntegerList attn;

    @Option(
            names = "--embedding",
            paramLabel = "NAME",
            description = "Noise embedding: positional or fourier; default by --arch.")
    UNetConfig.Embedding embedding;

    @Option(
            names = "--encoder",
            paramLabel = "NAME",
            description = "Encoder: standard, skip or residual; default by --arch.")
    UNetConfig.EncoderKind encoder;

    @Option(names = "--decoder", paramLabel = "NAME", description = "Decoder: standard or skip; default standard.")
    UNetConfig.DecoderKind decoder;

    @Option(
            names = "--filter",
            paramLabel = "LIST",
            converter = IntegerList.Converter.class,
            description = "Resampling filter, such as 1,1 or 1,3,3,1; default by --arch.")
    IntegerList filter;

    @Option(
            names = "--noise-mult",
            paramLabel = "N",
            description = "Width of the noise embedding in multiples of --cbase; default by --arch.")
    Integer noiseMultiplier;

    @Option(
            names = "--emb-mult",
            paramLabel = "N",
            description = "Width of the embedding vector in multiples of --cbase; default 4.")
    Integer embeddingMultiplier;

    @Option(
            names = {"--implicit-mlp", "--implicit_mlp"},
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = "BOOL",
            description = "Start with the coordinate network in place of the first convolution.")
    Boolean implicitMlp;

    @Option(
            names = "--label-dropout",
            paramLabel = "P",
            converter = Probability.class,
            description = "Probability that an image's label is hidden in training; default 0.")
    Double labelDropout;

    /**
     * The network for images of a resolution.
     *
     * @param dropout probability that an activation is dropped
     */
    UNetConfig build(int resolution, int imageChannels, int labelDim, double dropout) {
        try {
            UNetConfig.Builder builder =
                    switch (arch) {
                        case DDPMPP -> UNetConfig.ddpmpp(resolution, imageChannels);
                        case NCSNPP -> UNetConfig.ncsnpp(resolution, imageChannels);
                        case ADM -> UNetConfig.adm(resolution, imageChannels);
                    };
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
            given(implicitMlp, builder::implicitMlp);
            given(labelDropout, builder::labelDropout);
            return builder.labelDim(labelDim).dropout(dropout).build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "these options make no network: " + e.getMessage(), e);
        }
    }

    private static <T> void given(T value, Consumer<T> setting) {
        if (value != null) {
            setting.accept(value);
        }
    }
}
