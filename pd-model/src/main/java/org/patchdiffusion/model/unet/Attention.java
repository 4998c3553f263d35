package org.patchdiffusion.model.unet;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Self-attention over all pixels of a feature map, with a residual connection.
 *
 * <p>The 3C outputs of the qkv convolution interleave as (head, channel, q|k|v).
 *
 * <p>Graph form, with c = C / heads channels a head and T = H*W pixels: reshape(qkv(norm2(x)), [B*heads, c, 3, T]);
 * q, k, v = unstack(axis 2), each [B*heads, c, T]; w = softmax(mmul(q, k, transposeA) * (1 / sqrt(c)), axis 2);
 * a = mmul(v, w, transposeB); (proj(reshape(a, [B, C, H, W])) + x) * skipScale.
 */
record Attention(GroupNorm norm, Conv qkv, Conv proj, int heads, double skipScale) {

    static Attention of(String block, int channels, int heads, BlockStyle style) {
        if (channels % heads != 0) {
            throw new IllegalArgumentException(block + " has " + channels + " channels, which " + heads
                    + " attention heads cannot share evenly: choose modelChannels so that they can");
        }
        return new Attention(
                new GroupNorm(block + ".norm2", channels, style.epsilon()),
                new Conv(block + ".qkv", channels, 3 * channels, 1, style.attention()),
                new Conv(block + ".proj", channels, channels, 1, style.last()),
                heads,
                style.skipScale());
    }

    void declare(ParameterSink sink) {
        norm.declare(sink);
        qkv.declare(sink);
        proj.declare(sink);
    }

    Feature apply(GraphContext g, Feature x) {
        SameDiff sd = g.sd();
        int perHead = x.channels() / heads;
        long pixels = (long) x.height() * x.width();
        SDVariable all = qkv.apply(g, norm.apply(g, x)).value();
        SDVariable[] parts = sd.unstack(sd.reshape(all, (long) g.batch() * heads, perHead, 3, pixels), 2, 3);
        SDVariable scores = sd.mmul(parts[0], parts[1], true, false, false).mul(1 / Math.sqrt(perHead));
        SDVariable weights = sd.nn().softmax(scores, 2);
        SDVariable mixed = sd.mmul(parts[2], weights, false, true, false);
        SDVariable image = sd.reshape(mixed, g.batch(), x.channels(), x.height(), x.width());
        return BlockStyle.residual(proj.apply(g, x.with(image)), x, skipScale);
    }
}
