package org.patchdiffusion.model.unet;

import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.nd4j.autodiff.samediff.SDVariable;
import org.patchdiffusion.model.UNetConfig;

/** The left side of the U: from the finest level to the coarsest, leaving a skip connection after each block. */
final class Encoder {

    private record Level(
            List<Conv> input, Optional<Block> down, Optional<AuxiliaryInput> auxiliary, List<Block> blocks) {}

    private final List<Level> levels = new ArrayList<>();
    private final List<Integer> skipChannels = new ArrayList<>();
    private int channels;

    Encoder(String prefix, UNetConfig config, BlockStyle style) {
        channels = config.inChannels();
        int auxiliaryChannels = channels;
        for (int level = 0; level < config.levels(); level++) {
            String name = prefix + UNet.levelName(config, level);
            List<Conv> input = List.of();
            Optional<Block> down = Optional.empty();
            Optional<AuxiliaryInput> auxiliary = Optional.empty();
            if (level == 0) {
                input = input(name + "_conv", config, style);
                channels = input.get(0).out();
            } else {
                down = Optional.of(new Block(name + "_down", channels, channels, Block.Resampling.DOWN, 0, style));
                auxiliary = auxiliary(name, config.encoder(), auxiliaryChannels, channels, style);
                auxiliaryChannels = config.encoder() == UNetConfig.EncoderKind.RESIDUAL ? channels : auxiliaryChannels;
            }
            skipChannels.add(channels);
            List<Block> blocks = new ArrayList<>();
            for (int i = 0; i < config.numBlocks(); i++) {
                int out = config.modelChannels() * config.channelMult().get(level);
                int heads = UNet.hasAttention(config, level) ? UNet.heads(config, out) : 0;
                blocks.add(new Block(name + "_block" + i, channels, out, Block.Resampling.NONE, heads, style));
                channels = out;
                skipChannels.add(channels);
            }
            levels.add(new Level(input, down, auxiliary, blocks));
        }
    }

    private static List<Conv> input(String name, UNetConfig config, BlockStyle style) {
        int in = config.inChannels();
        // The official ADM scales its first layer by the first multiplier, the official SongUNet does not.
        boolean song = config.architecture() == UNetConfig.Architecture.SONG;
        int out = config.modelChannels() * (song ? 1 : config.channelMult().get(0));
        if (!config.implicitMlp()) {
            return List.of(new Conv(name, in, out, 3, style.init()));
        }
        // Even numbers: the odd ones are the activations in between.
        return List.of(
                new Conv(name + ".0", in, out, 1, style.init()),
                new Conv(name + ".2", out, out, 1, style.init()),
                new Conv(name + ".4", out, out, 1, style.init()),
                new Conv(name + ".6", out, out, 3, style.init()));
    }

    private static Optional<AuxiliaryInput> auxiliary(
            String name, UNetConfig.EncoderKind kind, int in, int out, BlockStyle style) {
        return switch (kind) {
            case STANDARD -> Optional.empty();
            case SKIP -> Optional.of(new AuxiliaryInput(
                    false, new Conv(name + "_aux_skip", in, out, 1, style.init()), style.resample()));
            case RESIDUAL -> Optional.of(new AuxiliaryInput(
                    true, new Conv(name + "_aux_residual", in, out, 3, style.init()), style.resample()));
        };
    }

    /** Channels at the bottom of the U. */
    int channels() {
        return channels;
    }

    /** Channels of each skip connection, in the order in which the encoder leaves them. */
    List<Integer> skipChannels() {
        return List.copyOf(skipChannels);
    }

    void declare(ParameterSink sink) {
        for (Level level : levels) {
            level.input().forEach(conv -> conv.declare(sink));
            level.down().ifPresent(block -> block.declare(sink));
            level.auxiliary().ifPresent(auxiliary -> auxiliary.conv().declare(sink));
            level.blocks().forEach(block -> block.declare(sink));
        }
    }

    /** Pushes the skip connections and returns the map at the bottom of the U. */
    Feature apply(GraphContext g, Feature image, SDVariable embedding, Deque<Feature> skips) {
        Feature x = image;
        Feature auxiliary = image;
        for (Level level : levels) {
            x = applyInput(g, x, level.input());
            if (level.down().isPresent()) {
                x = level.down().get().apply(g, x, embedding);
            }
            if (level.auxiliary().isPresent()) {
                AuxiliaryInput.Step step = level.auxiliary().get().apply(g, auxiliary, x);
                auxiliary = step.auxiliary();
                x = step.main();
            }
            skips.push(x);
            for (Block block : level.blocks()) {
                x = block.apply(g, x, embedding);
                skips.push(x);
            }
        }
        return x;
    }

    private static Feature applyInput(GraphContext g, Feature x, List<Conv> convs) {
        for (int i = 0; i < convs.size(); i++) {
            x = convs.get(i).apply(g, i == 0 ? x : x.with(g.sd().nn().swish(x.value())));
        }
        return x;
    }
}
