package org.patchdiffusion.model.unet;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.nd4j.autodiff.samediff.SDVariable;
import org.patchdiffusion.model.UNetConfig;

/** The right side of the U: from the coarsest level to the finest, taking back the encoder's skip connections. */
final class Decoder {

    /** Group normalization, SiLU and the convolution that makes an image of the features. */
    private record Output(GroupNorm norm, Conv conv) {
        Feature apply(GraphContext g, Feature x) {
            Feature h = norm.apply(g, x);
            return conv.apply(g, h.with(g.sd().nn().swish(h.value())));
        }
    }

    private record Level(List<Block> entry, List<Block> blocks, Optional<Output> output) {}

    private final List<Level> levels = new ArrayList<>();
    private final Resample resample;

    Decoder(String prefix, UNetConfig config, BlockStyle style, Encoder encoder) {
        resample = style.resample();
        int channels = encoder.channels();
        Deque<Integer> skips = new ArrayDeque<>();
        encoder.skipChannels().forEach(skips::push);
        for (int level = config.levels() - 1; level >= 0; level--) {
            String name = prefix + "dec." + UNet.levelName(config, level);
            List<Block> entry = entry(name, channels, level, config, style);
            List<Block> blocks = new ArrayList<>();
            for (int i = 0; i <= config.numBlocks(); i++) {
                int out = config.modelChannels() * config.channelMult().get(level);
                int heads = attends(config, level, i) ? UNet.heads(config, out) : 0;
                int in = channels + skips.pop();
                blocks.add(new Block(name + "_block" + i, in, out, Block.Resampling.NONE, heads, style));
                channels = out;
            }
            levels.add(new Level(entry, blocks, output(prefix, name, channels, level, config, style)));
        }
    }

    // The bottom has two more blocks, the first with attention whatever the resolution; other levels start by
    // upsampling.
    private static List<Block> entry(String name, int channels, int level, UNetConfig config, BlockStyle style) {
        if (level < config.levels() - 1) {
            return List.of(new Block(name + "_up", channels, channels, Block.Resampling.UP, 0, style));
        }
        int heads = UNet.heads(config, channels);
        return List.of(
                new Block(name + "_in0", channels, channels, Block.Resampling.NONE, heads, style),
                new Block(name + "_in1", channels, channels, Block.Resampling.NONE, 0, style));
    }

    // SONG's decoder attends only in the last block of a level.
    private static boolean attends(UNetConfig config, int level, int block) {
        boolean everyBlock = config.architecture() == UNetConfig.Architecture.DHARIWAL;
        return UNet.hasAttention(config, level) && (everyBlock || block == config.numBlocks());
    }

    private static Optional<Output> output(
            String prefix, String name, int channels, int level, UNetConfig config, BlockStyle style) {
        if (level > 0 && config.decoder() == UNetConfig.DecoderKind.STANDARD) {
            return Optional.empty();
        }
        boolean song = config.architecture() == UNetConfig.Architecture.SONG;
        String module = song ? name + "_aux_" : prefix + "out_";
        return Optional.of(new Output(
                new GroupNorm(module + "norm", channels, style.epsilon()),
                new Conv(module + "conv", channels, config.outChannels(), 3, style.last())));
    }

    void declare(ParameterSink sink) {
        for (Level level : levels) {
            level.entry().forEach(block -> block.declare(sink));
            level.blocks().forEach(block -> block.declare(sink));
            level.output().ifPresent(output -> {
                output.norm().declare(sink);
                output.conv().declare(sink);
            });
        }
    }

    /** Pops the skip connections and returns the output image F. */
    Feature apply(GraphContext g, Feature bottom, SDVariable embedding, Deque<Feature> skips) {
        Feature x = bottom;
        Optional<Feature> image = Optional.empty();
        for (Level level : levels) {
            for (Block block : level.entry()) {
                x = block.apply(g, x, embedding);
            }
            for (Block block : level.blocks()) {
                x = block.apply(g, concat(g, x, skips.pop()), embedding);
            }
            if (level.output().isPresent()) {
                Feature output = level.output().get().apply(g, x);
                image = Optional.of(image.map(coarser -> BlockStyle.residual(output, resample.up(g, coarser), 1))
                        .orElse(output));
            }
        }
        return image.orElseThrow();
    }

    private static Feature concat(GraphContext g, Feature x, Feature skip) {
        SDVariable both = g.sd().concat(1, x.value(), skip.value());
        return new Feature(both, x.channels() + skip.channels(), x.height(), x.width());
    }
}
