package org.patchdiffusion.examples.cli;

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
            if (cbase != null) {
                builder.modelChannels(cbase);
            }
            if (cres != null) {
                builder.channelMult(cres.values());
            }
            if (blocks != null) {
                builder.numBlocks(blocks);
            }
            if (attn != null) {
                builder.attnResolutions(attn.values());
            }
            return builder.labelDim(labelDim).dropout(dropout).build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "these options make no network: " + e.getMessage(), e);
        }
    }
}
