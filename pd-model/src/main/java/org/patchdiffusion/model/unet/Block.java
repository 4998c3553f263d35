package org.patchdiffusion.model.unet;

import java.util.Optional;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The residual block of both U-Nets, with optional resampling and self-attention (Karras et al. 2022, figure of appendix
 * F.4; Dhariwal and Nichol 2021, appendix A for the adaptive form).
 *
 * <p>Graph form: h = conv0(resample(swish(norm0(x)))); then either h = swish(norm1(h + e)) or, adaptively,
 * h = swish(norm1(h) * (scale + 1) + shift), with [scale, shift] = split(e); h = conv1(h * dropout mask);
 * (h + skip(resample(x))) * skipScale; attention.
 */
final class Block {

    /** Change of resolution in a block. */
    enum Resampling {
        NONE,
        UP,
        DOWN
    }

    private final String name;
    private final int out;
    private final Resampling resampling;
    private final BlockStyle style;
    private final GroupNorm norm0;
    private final Conv conv0;
    private final Dense affine;
    private final GroupNorm norm1;
    private final Conv conv1;
    private final Optional<Conv> skip;
    private final Optional<Attention> attention;

    /** A block from {@code in} to {@code out} channels; no attention if {@code heads} is 0. */
    Block(String name, int in, int out, Resampling resampling, int heads, BlockStyle style) {
        this.name = name;
        this.out = out;
        this.resampling = resampling;
        this.style = style;
        norm0 = new GroupNorm(name + ".norm0", in, style.epsilon());
        conv0 = new Conv(name + ".conv0", in, out, 3, style.init());
        affine = new Dense(
                name + ".affine", style.embChannels(), style.adaptiveScale() ? 2 * out : out, true, style.init());
        norm1 = new GroupNorm(name + ".norm1", out, style.epsilon());
        conv1 = new Conv(name + ".conv1", out, out, 3, style.last());
        boolean project = in != out || resampling != Resampling.NONE && style.resampleProjection();
        skip = project ? Optional.of(new Conv(name + ".skip", in, out, 1, style.init())) : Optional.empty();
        attention = heads > 0 ? Optional.of(Attention.of(name, out, heads, style)) : Optional.empty();
    }

    void declare(ParameterSink sink) {
        norm0.declare(sink);
        conv0.declare(sink);
        affine.declare(sink);
        norm1.declare(sink);
        conv1.declare(sink);
        skip.ifPresent(conv -> conv.declare(sink));
        attention.ifPresent(a -> a.declare(sink));
    }

    /** Number of output channels. */
    int out() {
        return out;
    }

    /** Applies the block under the embedding {@code [B, embChannels]}. */
    Feature apply(GraphContext g, Feature x, SDVariable embedding) {
        SameDiff sd = g.sd();
        Feature h = norm0.apply(g, x);
        h = conv0.apply(g, resample(g, h.with(sd.nn().swish(h.value()))));
        h = embed(g, h, affine.apply(g, embedding));
        if (g.dropout()) {
            SDVariable mask =
                    sd.placeHolder(UNet.DROPOUT_PREFIX + name, DataType.FLOAT, g.batch(), out, h.height(), h.width());
            h = h.with(h.value().mul(mask));
        }
        h = conv1.apply(g, h);
        Feature shortcut = resample(g, x);
        if (skip.isPresent()) {
            shortcut = skip.get().apply(g, shortcut);
        }
        h = BlockStyle.residual(h, shortcut, style.skipScale());
        return attention.isPresent() ? attention.get().apply(g, h) : h;
    }

    private Feature embed(GraphContext g, Feature h, SDVariable embedding) {
        SameDiff sd = g.sd();
        if (!style.adaptiveScale()) {
            Feature sum = h.with(h.value().add(sd.reshape(embedding, g.batch(), out, 1, 1)));
            return h.with(sd.nn().swish(norm1.apply(g, sum).value()));
        }
        SDVariable[] parts = sd.split(embedding, 2, 1);
        SDVariable scale = sd.reshape(parts[0], g.batch(), out, 1, 1).add(1.0);
        SDVariable shift = sd.reshape(parts[1], g.batch(), out, 1, 1);
        return h.with(sd.nn().swish(norm1.apply(g, h).value().mul(scale).add(shift)));
    }

    private Feature resample(GraphContext g, Feature x) {
        return switch (resampling) {
            case NONE -> x;
            case UP -> style.resample().up(g, x);
            case DOWN -> style.resample().down(g, x);
        };
    }
}
