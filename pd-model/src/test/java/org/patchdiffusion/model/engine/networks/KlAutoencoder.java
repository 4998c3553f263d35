package org.patchdiffusion.model.engine.networks;

import java.util.List;
import org.nd4j.autodiff.samediff.SameDiff;
import org.patchdiffusion.model.engine.networks.Layers.Window;

/**
 * The autoencoder of latent diffusion models (Rombach et al. 2022), with tensors under its authors' names.
 *
 * @param channels of the first level
 * @param multipliers channels of each level as multiples of that
 * @param blocks residual blocks a level in the encoder; the decoder has one more
 * @param latents channels of a latent
 */
record KlAutoencoder(int channels, List<Integer> multipliers, int blocks, int latents) {
    private static final int GROUPS = 32;
    private static final double EPSILON = 1e-6;

    KlAutoencoder {
        multipliers = List.copyOf(multipliers);
    }

    /** From {@code image} [batch, 3, height, width] in [-1, 1] to {@code moments}: means, then log variances. */
    SameDiff encoder(Weights weights, int batch, int height, int width) {
        Layers layers = new Layers(weights, batch);
        Feature x =
                layers.conv("encoder.conv_in", layers.input("image", 3, height, width), channels, Window.of(3, 1, 1));
        for (int level = 0; level < multipliers.size(); level++) {
            String name = "encoder.down." + level;
            for (int i = 0; i < blocks; i++) {
                x = block(layers, name + ".block." + i, x, channels * multipliers.get(level));
            }
            if (level < multipliers.size() - 1) {
                x = layers.conv(name + ".downsample.conv", layers.padEnd(x, 1), x.channels(), Window.of(3, 2, 0));
            }
        }
        x = norm(layers, "encoder.norm_out", middle(layers, "encoder.mid", x));
        x = layers.conv("encoder.conv_out", layers.silu(x), 2 * latents, Window.of(3, 1, 1));
        layers.conv("quant_conv", x, 2 * latents, Window.of(1, 1, 0)).value().rename("moments");
        return layers.sd();
    }

    /** From {@code latent} [batch, latents, height, width] to {@code image}, in [-1, 1] but for its errors. */
    SameDiff decoder(Weights weights, int batch, int height, int width) {
        Layers layers = new Layers(weights, batch);
        Feature x = layers.conv(
                "post_quant_conv", layers.input("latent", latents, height, width), latents, Window.of(1, 1, 0));
        int deepest = multipliers.size() - 1;
        x = layers.conv("decoder.conv_in", x, channels * multipliers.get(deepest), Window.of(3, 1, 1));
        x = middle(layers, "decoder.mid", x);
        for (int level = deepest; level >= 0; level--) {
            String name = "decoder.up." + level;
            for (int i = 0; i <= blocks; i++) {
                x = block(layers, name + ".block." + i, x, channels * multipliers.get(level));
            }
            if (level > 0) {
                x = layers.conv(name + ".upsample.conv", layers.twice(x), x.channels(), Window.of(3, 1, 1));
            }
        }
        x = layers.silu(norm(layers, "decoder.norm_out", x));
        layers.conv("decoder.conv_out", x, 3, Window.of(3, 1, 1)).value().rename("image");
        return layers.sd();
    }

    private static Feature norm(Layers layers, String name, Feature x) {
        return layers.groupNorm(name, x, GROUPS, EPSILON);
    }

    private static Feature block(Layers layers, String name, Feature x, int out) {
        Feature h =
                layers.conv(name + ".conv1", layers.silu(norm(layers, name + ".norm1", x)), out, Window.of(3, 1, 1));
        h = layers.conv(name + ".conv2", layers.silu(norm(layers, name + ".norm2", h)), out, Window.of(3, 1, 1));
        Feature shortcut = x.channels() == out ? x : layers.conv(name + ".nin_shortcut", x, out, Window.of(1, 1, 0));
        return layers.add(shortcut, h);
    }

    private static Feature middle(Layers layers, String name, Feature x) {
        Feature h = block(layers, name + ".block_1", x, x.channels());
        h = attention(layers, name + ".attn_1", h);
        return block(layers, name + ".block_2", h, x.channels());
    }

    private static Feature attention(Layers layers, String name, Feature x) {
        Feature h = norm(layers, name + ".norm", x);
        Window point = Window.of(1, 1, 0);
        Feature mixed = layers.attention(
                layers.conv(name + ".q", h, h.channels(), point),
                layers.conv(name + ".k", h, h.channels(), point),
                layers.conv(name + ".v", h, h.channels(), point));
        return layers.add(x, layers.conv(name + ".proj_out", mixed, h.channels(), point));
    }
}
