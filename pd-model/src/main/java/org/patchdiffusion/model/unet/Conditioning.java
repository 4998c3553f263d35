package org.patchdiffusion.model.unet;

import java.util.Optional;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.patchdiffusion.model.UNetConfig;

/**
 * The mapping network: noise level, class label and augmentation label become one vector that steers every block.
 *
 * <p>SONG adds the labels to the noise embedding, one-hot labels scaled by sqrt(classes), before two dense layers; DHARIWAL
 * adds the class label after them.
 */
final class Conditioning {

    private final boolean song;
    private final NoiseEmbedding noise;
    private final Optional<Dense> label;
    private final Optional<Dense> augment;
    private final Dense layer0;
    private final Dense layer1;
    private final double labelScale;

    Conditioning(String prefix, UNetConfig config, InitScheme init) {
        song = config.architecture() == UNetConfig.Architecture.SONG;
        int width = config.modelChannels() * config.channelMultNoise();
        int emb = config.modelChannels() * config.channelMultEmb();
        int labels = config.labelDim();
        int augments = config.augmentDim();
        noise = new NoiseEmbedding(prefix + "map_noise", width, config.embedding(), song, song);
        InitScheme labelInit = song ? init : new InitScheme(InitScheme.Mode.KAIMING_NORMAL, Math.sqrt(labels), 0);
        InitScheme augmentInit = song ? init : InitScheme.kaiming(0);
        label = labels == 0
                ? Optional.empty()
                : Optional.of(new Dense(prefix + "map_label", labels, song ? width : emb, song, labelInit));
        augment = augments == 0
                ? Optional.empty()
                : Optional.of(new Dense(prefix + "map_augment", augments, width, false, augmentInit));
        layer0 = new Dense(prefix + "map_layer0", width, emb, true, init);
        layer1 = new Dense(prefix + "map_layer1", emb, emb, true, init);
        labelScale = song ? Math.sqrt(labels) : 1;
    }

    void declare(ParameterSink sink) {
        noise.declare(sink);
        if (song) {
            label.ifPresent(dense -> dense.declare(sink));
        }
        augment.ifPresent(dense -> dense.declare(sink));
        layer0.declare(sink);
        layer1.declare(sink);
        if (!song) {
            label.ifPresent(dense -> dense.declare(sink));
        }
    }

    /** The embedding vector {@code [B, modelChannels * channelMultEmb]}. */
    SDVariable apply(GraphContext g, UNet.Inputs inputs) {
        SameDiff sd = g.sd();
        SDVariable h = noise.apply(g, inputs.noise());
        if (song && label.isPresent()) {
            h = h.add(label.get().apply(g, inputs.labels().mul(labelScale)));
        }
        if (augment.isPresent()) {
            h = h.add(augment.get().apply(g, inputs.augmentLabels()));
        }
        h = layer1.apply(g, sd.nn().swish(layer0.apply(g, h)));
        if (!song && label.isPresent()) {
            h = h.add(label.get().apply(g, inputs.labels()));
        }
        return sd.nn().swish(h);
    }
}
