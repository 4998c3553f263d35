package org.patchdiffusion.model;

import java.util.List;

/**
 * Hyper-parameters of a score network, in the terms of the official implementation of Karras et al. 2022
 * (arXiv 2206.00364, appendix F.4) and of Patch Diffusion (arXiv 2304.12526, section 3.2).
 *
 * @param architecture SONG (DDPM++ and NCSN++) or DHARIWAL (ADM)
 * @param resolution nominal image size: it names the blocks ({@code 32x32_block0}) and says at which levels attention
 *     stands; the network accepts any height and width that {@link #checkSize} accepts
 * @param inChannels image channels plus the two position channels
 * @param outChannels channels of the raw output F
 * @param labelDim number of classes; 0 for an unconditional network
 * @param augmentDim width of the augmentation label; 0 for none
 * @param modelChannels channels at multiplier 1
 * @param channelMult multiplier of each level, the finest first
 * @param channelMultEmb width of the embedding vector, in modelChannels
 * @param numBlocks residual blocks of a level
 * @param attnResolutions nominal resolutions of the levels with attention
 * @param dropout probability that an activation is dropped in training, in [0, 1)
 * @param labelDropout probability that a class label is dropped in training, in [0, 1]; the trainer zeroes the label
 * @param embedding embedding of the noise level
 * @param channelMultNoise width of the noise embedding, in modelChannels; 1 for DDPM++ and ADM, 2 for NCSN++
 * @param encoder standard, or with an auxiliary input pyramid
 * @param decoder standard, or with an auxiliary output pyramid
 * @param resampleFilter symmetric filter of even length for up- and downsampling: [1, 1], or [1, 3, 3, 1] for NCSN++
 * @param implicitMlp whether three 1x1 convolutions with SiLU precede the first 3x3 convolution
 */
public record UNetConfig(
        Architecture architecture,
        int resolution,
        int inChannels,
        int outChannels,
        int labelDim,
        int augmentDim,
        int modelChannels,
        List<Integer> channelMult,
        int channelMultEmb,
        int numBlocks,
        List<Integer> attnResolutions,
        double dropout,
        double labelDropout,
        Embedding embedding,
        int channelMultNoise,
        EncoderKind encoder,
        DecoderKind decoder,
        List<Integer> resampleFilter,
        boolean implicitMlp) {

    /** Number of position channels: x and y of each pixel in the whole image. */
    public static final int POSITION_CHANNELS = 2;

    /** Family of networks. */
    public enum Architecture {
        /** The U-Net of Song et al. 2021, also called SongUNet. */
        SONG,
        /** The U-Net of Dhariwal and Nichol 2021, also called ADM or DhariwalUNet. */
        DHARIWAL
    }

    /** Embedding of the noise level. */
    public enum Embedding {
        /** Sines and cosines of geometrically spaced frequencies. */
        POSITIONAL,
        /** Sines and cosines of random frequencies, which are part of the weights. */
        FOURIER
    }

    /** Encoder variants. */
    public enum EncoderKind {
        STANDARD,
        /** The downsampled input is projected and added at each level. */
        SKIP,
        /** A chain of strided convolutions of the input is added at each level. */
        RESIDUAL
    }

    /** Decoder variants. */
    public enum DecoderKind {
        STANDARD,
        /** Each level adds its own image to the upsampled output of the level below. */
        SKIP
    }

    public UNetConfig {
        channelMult = List.copyOf(channelMult);
        attnResolutions = List.copyOf(attnResolutions);
        resampleFilter = List.copyOf(resampleFilter);
        // The upper limits keep the description of a network small, whatever file it comes from.
        within("resolution", resolution, 1, 1 << 16);
        within("outChannels", outChannels, 1, 1 << 12);
        within("inChannels, which counts the image channels and the 2 position channels,", inChannels, 3, 1 << 12);
        within("labelDim", labelDim, 0, 1 << 20);
        within("augmentDim", augmentDim, 0, 1 << 12);
        within("modelChannels", modelChannels, 2, 1 << 14);
        within("number of levels in channelMult", channelMult.size(), 1, 16);
        channelMult.forEach(m -> within("each entry of channelMult", m, 1, 64));
        within("channelMultEmb", channelMultEmb, 1, 64);
        within("channelMultNoise", channelMultNoise, 1, 64);
        within("numBlocks", numBlocks, 1, 256);
        require(dropout >= 0 && dropout < 1, "dropout must lie in [0, 1), but is " + dropout);
        require(labelDropout >= 0 && labelDropout <= 1, "labelDropout must lie in [0, 1], but is " + labelDropout);
        require(modelChannels % 2 == 0, "modelChannels must be even, but is " + modelChannels);
        requireFilter(resampleFilter);
        requireDivisible("resolution", resolution, channelMult.size());
        if (architecture == Architecture.DHARIWAL) {
            require(
                    embedding == Embedding.POSITIONAL
                            && encoder == EncoderKind.STANDARD
                            && decoder == DecoderKind.STANDARD
                            && channelMultNoise == 1
                            && resampleFilter.equals(List.of(1, 1))
                            && !implicitMlp,
                    "the DHARIWAL architecture takes a POSITIONAL embedding with channelMultNoise 1, a STANDARD encoder"
                            + " and decoder, resampleFilter [1, 1] and no implicitMlp");
        }
    }

    /** Image channels: the input channels without the position channels. */
    public int imageChannels() {
        return inChannels - POSITION_CHANNELS;
    }

    /** Number of resolution levels. */
    public int levels() {
        return channelMult.size();
    }

    /**
     * Checks that an image or patch of this size can pass through all levels.
     *
     * @throws IllegalArgumentException if a side is not a positive multiple of 2^(levels - 1)
     */
    public void checkSize(int height, int width) {
        requireDivisible("height", height, levels());
        requireDivisible("width", width, levels());
    }

    /** Starts from this configuration. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /**
     * DDPM++ with the official defaults for 32x32 images: width 128, multipliers 2, 2, 2, four blocks, attention at 16,
     * dropout 0.13.
     */
    public static Builder ddpmpp(int resolution, int imageChannels) {
        return new Builder(resolution, imageChannels);
    }

    /** NCSN++ with the official defaults: DDPM++ with Fourier embedding, residual encoder and [1, 3, 3, 1] filter. */
    public static Builder ncsnpp(int resolution, int imageChannels) {
        return ddpmpp(resolution, imageChannels)
                .embedding(Embedding.FOURIER)
                .channelMultNoise(2)
                .encoder(EncoderKind.RESIDUAL)
                .resampleFilter(List.of(1, 3, 3, 1));
    }

    /** ADM with the official defaults: width 192, multipliers 1 to 4, three blocks, attention at 32, 16 and 8. */
    public static Builder adm(int resolution, int imageChannels) {
        return ddpmpp(resolution, imageChannels)
                .architecture(Architecture.DHARIWAL)
                .modelChannels(192)
                .channelMult(List.of(1, 2, 3, 4))
                .numBlocks(3)
                .attnResolutions(List.of(32, 16, 8));
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    private static void within(String name, int value, int min, int max) {
        require(value >= min && value <= max, name + " must lie in " + min + " to " + max + ", but is " + value);
    }

    private static void requireDivisible(String side, int size, int levels) {
        int divisor = 1 << (levels - 1);
        require(
                size > 0 && size % divisor == 0,
                side + " " + size + " does not fit a network of " + levels + (levels == 1 ? " level" : " levels")
                        + ": every side must be a positive multiple of " + divisor);
    }

    private static void requireFilter(List<Integer> filter) {
        boolean symmetric = filter.size() % 2 == 0 && !filter.isEmpty() && filter.size() <= 16;
        for (int i = 0; symmetric && i < filter.size(); i++) {
            symmetric = filter.get(i) > 0
                    && filter.get(i) < 1 << 16
                    && filter.get(i).equals(filter.get(filter.size() - 1 - i));
        }
        require(
                symmetric,
                "resampleFilter must be positive, symmetric and of even length, such as [1, 1] or"
                        + " [1, 3, 3, 1], but is " + filter);
    }

    /**
     * Gathers the settings of a configuration. Each method sets the component of the same name; nothing is checked before
     * {@link #build}, so their order does not matter.
     */
    public static final class Builder {
        private Architecture architecture = Architecture.SONG;
        private int resolution;
        private int inChannels;
        private int outChannels;
        private int labelDim;
        private int augmentDim;
        private int modelChannels = 128;
        private List<Integer> channelMult = List.of(2, 2, 2);
        private int channelMultEmb = 4;
        private int numBlocks = 4;
        private List<Integer> attnResolutions = List.of(16);
        private double dropout = 0.13;
        private double labelDropout;
        private Embedding embedding = Embedding.POSITIONAL;
        private int channelMultNoise = 1;
        private EncoderKind encoder = EncoderKind.STANDARD;
        private DecoderKind decoder = DecoderKind.STANDARD;
        private List<Integer> resampleFilter = List.of(1, 1);
        private boolean implicitMlp;

        private Builder(int resolution, int imageChannels) {
            this.resolution = resolution;
            inChannels = imageChannels + POSITION_CHANNELS;
            outChannels = imageChannels;
        }

        private Builder(UNetConfig from) {
            architecture = from.architecture;
            resolution = from.resolution;
            inChannels = from.inChannels;
            outChannels = from.outChannels;
            labelDim = from.labelDim;
            augmentDim = from.augmentDim;
            modelChannels = from.modelChannels;
            channelMult = from.channelMult;
            channelMultEmb = from.channelMultEmb;
            numBlocks = from.numBlocks;
            attnResolutions = from.attnResolutions;
            dropout = from.dropout;
            labelDropout = from.labelDropout;
            embedding = from.embedding;
            channelMultNoise = from.channelMultNoise;
            encoder = from.encoder;
            decoder = from.decoder;
            resampleFilter = from.resampleFilter;
            implicitMlp = from.implicitMlp;
        }

        /** Sets {@link UNetConfig#architecture}. */
        public Builder architecture(Architecture value) {
            architecture = value;
            return this;
        }

        /** Sets {@link UNetConfig#resolution}. */
        public Builder resolution(int value) {
            resolution = value;
            return this;
        }

        /** Sets {@link UNetConfig#inChannels}. */
        public Builder inChannels(int value) {
            inChannels = value;
            return this;
        }

        /** Sets {@link UNetConfig#outChannels}. */
        public Builder outChannels(int value) {
            outChannels = value;
            return this;
        }

        /** Sets {@link UNetConfig#labelDim}. */
        public Builder labelDim(int value) {
            labelDim = value;
            return this;
        }

        /** Sets {@link UNetConfig#augmentDim}. */
        public Builder augmentDim(int value) {
            augmentDim = value;
            return this;
        }

        /** Sets {@link UNetConfig#modelChannels}. */
        public Builder modelChannels(int value) {
            modelChannels = value;
            return this;
        }

        /** Sets {@link UNetConfig#channelMult}. */
        public Builder channelMult(List<Integer> value) {
            channelMult = value;
            return this;
        }

        /** Sets {@link UNetConfig#channelMultEmb}. */
        public Builder channelMultEmb(int value) {
            channelMultEmb = value;
            return this;
        }

        /** Sets {@link UNetConfig#numBlocks}. */
        public Builder numBlocks(int value) {
            numBlocks = value;
            return this;
        }

        /** Sets {@link UNetConfig#attnResolutions}. */
        public Builder attnResolutions(List<Integer> value) {
            attnResolutions = value;
            return this;
        }

        /** Sets {@link UNetConfig#dropout}. */
        public Builder dropout(double value) {
            dropout = value;
            return this;
        }

        /** Sets {@link UNetConfig#labelDropout}. */
        public Builder labelDropout(double value) {
            labelDropout = value;
            return this;
        }

        /** Sets {@link UNetConfig#embedding}. */
        public Builder embedding(Embedding value) {
            embedding = value;
            return this;
        }

        /** Sets {@link UNetConfig#channelMultNoise}. */
        public Builder channelMultNoise(int value) {
            channelMultNoise = value;
            return this;
        }

        /** Sets {@link UNetConfig#encoder}. */
        public Builder encoder(EncoderKind value) {
            encoder = value;
            return this;
        }

        /** Sets {@link UNetConfig#decoder}. */
        public Builder decoder(DecoderKind value) {
            decoder = value;
            return this;
        }

        /** Sets {@link UNetConfig#resampleFilter}. */
        public Builder resampleFilter(List<Integer> value) {
            resampleFilter = value;
            return this;
        }

        /** Sets {@link UNetConfig#implicitMlp}. */
        public Builder implicitMlp(boolean value) {
            implicitMlp = value;
            return this;
        }

        /**
         * The finished configuration.
         *
         * @throws IllegalArgumentException if a value is out of range or the values do not fit together
         */
        public UNetConfig build() {
            return new UNetConfig(
                    architecture,
                    resolution,
                    inChannels,
                    outChannels,
                    labelDim,
                    augmentDim,
                    modelChannels,
                    channelMult,
                    channelMultEmb,
                    numBlocks,
                    attnResolutions,
                    dropout,
                    labelDropout,
                    embedding,
                    channelMultNoise,
                    encoder,
                    decoder,
                    resampleFilter,
                    implicitMlp);
        }
    }
}
