package org.patchdiffusion.model.unet;

import java.util.ArrayDeque;
import java.util.Deque;
import org.nd4j.autodiff.samediff.SDVariable;
import org.patchdiffusion.model.UNetConfig;

/**
 * The score network F: encoder and decoder of residual blocks with skip connections, under one embedding of noise level and
 * labels (Karras et al. 2022, table 6 and appendix F.4).
 *
 * <p>The network is a description; it holds no weights. {@link #declare} lists its parameters, {@link #apply} builds its graph.
 */
public final class UNet {

    /** Prefix of every parameter: the network is the {@code model} of the official preconditioning module. */
    private static final String PREFIX = "model.";

    /** Prefix of the placeholders of dropout masks; the name of the block follows. */
    public static final String DROPOUT_PREFIX = "dropout/";

    private static final int CHANNELS_PER_HEAD = 64;

    /**
     * What the network is told about each image.
     *
     * @param noise c_noise {@code [B]}
     * @param labels class labels {@code [B, labelDim]}; null if labelDim is 0
     * @param augmentLabels augmentation labels {@code [B, augmentDim]}; null if augmentDim is 0
     */
    public record Inputs(SDVariable noise, SDVariable labels, SDVariable augmentLabels) {}

    private final Conditioning conditioning;
    private final Encoder encoder;
    private final Decoder decoder;

    /** @throws IllegalArgumentException if a channel count does not suit the normalization or attention */
    public UNet(UNetConfig config) {
        BlockStyle style = style(config);
        conditioning = new Conditioning(PREFIX, config, style.init());
        encoder = new Encoder(PREFIX + "enc.", config, style);
        decoder = new Decoder(PREFIX, config, style, encoder);
    }

    private static BlockStyle style(UNetConfig config) {
        int emb = config.modelChannels() * config.channelMultEmb();
        Resample resample = new Resample(config.resampleFilter());
        return switch (config.architecture()) {
            case SONG -> new BlockStyle(
                    emb,
                    1e-6,
                    Math.sqrt(0.5),
                    false,
                    true,
                    resample,
                    InitScheme.xavier(1),
                    InitScheme.xavier(1e-5),
                    InitScheme.xavier(Math.sqrt(0.2)));
            case DHARIWAL -> {
                InitScheme init = InitScheme.kaiming(Math.sqrt(1.0 / 3));
                yield new BlockStyle(emb, 1e-5, 1, true, false, resample, init, InitScheme.kaiming(0), init);
            }
        };
    }

    /** Announces every parameter in the order of the official state dict. */
    public void declare(ParameterSink sink) {
        conditioning.declare(sink);
        encoder.declare(sink);
        decoder.declare(sink);
    }

    /**
     * Adds the network to a graph.
     *
     * @param image network input {@code [B, inChannels, H, W]}: c_in x and the position channels
     * @return F {@code [B, outChannels, H, W]}
     */
    public Feature apply(GraphContext g, Feature image, Inputs inputs) {
        SDVariable embedding = conditioning.apply(g, inputs);
        Deque<Feature> skips = new ArrayDeque<>();
        Feature bottom = encoder.apply(g, image, embedding, skips);
        return decoder.apply(g, bottom, embedding, skips);
    }

    static String levelName(UNetConfig config, int level) {
        int resolution = config.resolution() >> level;
        return resolution + "x" + resolution;
    }

    static boolean hasAttention(UNetConfig config, int level) {
        return config.attnResolutions().contains(config.resolution() >> level);
    }

    /** SONG has one head; DHARIWAL one for each 64 channels, and so none below 64. */
    static int heads(UNetConfig config, int channels) {
        return config.architecture() == UNetConfig.Architecture.SONG ? 1 : channels / CHANNELS_PER_HEAD;
    }
}
