package org.patchdiffusion.model.engine.networks;

import org.nd4j.autodiff.samediff.SameDiff;
import org.patchdiffusion.model.engine.networks.Layers.Window;

/** The tiny autoencoder (TAESD): 64 channels throughout, ReLU, no normalization; images are in [0, 1]. */
final class TinyAutoencoder {
    private static final int CHANNELS = 64;
    private static final int LEVELS = 3;
    private static final int BLOCKS = 3;
    private static final Window SAME = Window.of(3, 1, 1);

    private TinyAutoencoder() {}

    /** From {@code image} [batch, 3, height, width] to {@code latents} [batch, 4, height / 8, width / 8]. */
    static SameDiff encoder(Weights weights, int batch, int height, int width, int latents) {
        Layers layers = new Layers(weights, batch);
        int index = 0;
        Feature x = layers.conv("encoder." + index++, layers.input("image", 3, height, width), CHANNELS, SAME);
        x = block(layers, "encoder." + index++, x);
        for (int level = 0; level < LEVELS; level++) {
            x = layers.plainConv("encoder." + index++, x, CHANNELS, Window.of(3, 2, 1));
            for (int i = 0; i < BLOCKS; i++) {
                x = block(layers, "encoder." + index++, x);
            }
        }
        layers.conv("encoder." + index, x, latents, SAME).value().rename("latents");
        return layers.sd();
    }

    /** From {@code latent} [batch, 4, height, width] to {@code image}, eight times as high and wide. */
    static SameDiff decoder(Weights weights, int batch, int height, int width, int latents) {
        Layers layers = new Layers(weights, batch);
        Feature latent = layers.input("latent", latents, height, width);
        Feature x = latent.with(layers.sd().math().tanh(latent.value().div(3)).mul(3));
        // Places 0 and 2 are taken by what has no weights, as are the up-samplings.
        x = layers.relu(layers.conv("decoder.1", x, CHANNELS, SAME));
        int index = 3;
        for (int level = 0; level < LEVELS; level++) {
            for (int i = 0; i < BLOCKS; i++) {
                x = block(layers, "decoder." + index++, x);
            }
            index++;
            x = layers.plainConv("decoder." + index++, layers.twice(x), CHANNELS, SAME);
        }
        x = block(layers, "decoder." + index++, x);
        layers.conv("decoder." + index, x, 3, SAME).value().rename("image");
        return layers.sd();
    }

    /** Three convolutions with ReLU between, plus the input, then ReLU. */
    private static Feature block(Layers layers, String name, Feature x) {
        Feature h = layers.relu(layers.conv(name + ".conv.0", x, CHANNELS, SAME));
        h = layers.relu(layers.conv(name + ".conv.2", h, CHANNELS, SAME));
        return layers.relu(layers.add(layers.conv(name + ".conv.4", h, CHANNELS, SAME), x));
    }
}
