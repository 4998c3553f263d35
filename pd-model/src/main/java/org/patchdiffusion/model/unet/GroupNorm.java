package org.patchdiffusion.model.unet;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Group normalization (Wu and He 2018) over min(32, channels / 4) groups, with a scale and a shift per channel.
 *
 * <p>Graph form, for G groups: y = reshape(x, [B, G, C/G*H*W]); d = y - mean(y, 2); z = d * rsqrt(mean(d * d, 2) + eps);
 * reshape(z, [B, C, H, W]) * reshape(weight, [1, C, 1, 1]) + reshape(bias, [1, C, 1, 1]).
 */
record GroupNorm(String name, int channels, double epsilon) {

    GroupNorm {
        int groups = Math.min(32, channels / 4);
        if (groups == 0 || channels % groups != 0) {
            throw new IllegalArgumentException(name + " normalizes " + channels + " channels in " + groups
                    + " groups, which does not divide: choose modelChannels and channelMult so that every channel count"
                    + " is a multiple of 4, and of 32 from 128 on");
        }
    }

    void declare(ParameterSink sink) {
        sink.parameter(name + ".weight", Init.constant(1), channels);
        sink.parameter(name + ".bias", Init.constant(0), channels);
    }

    Feature apply(GraphContext g, Feature x) {
        SameDiff sd = g.sd();
        long groups = Math.min(32, channels / 4);
        SDVariable y = sd.reshape(x.value(), g.batch(), groups, channels / groups * x.height() * x.width());
        SDVariable difference = y.sub(sd.mean(y, true, 2));
        SDVariable variance = sd.mean(difference.mul(difference), true, 2);
        SDVariable z = difference.mul(sd.math().rsqrt(variance.add(epsilon)));
        SDVariable weight = sd.reshape(g.parameter(name + ".weight"), 1, channels, 1, 1);
        SDVariable bias = sd.reshape(g.parameter(name + ".bias"), 1, channels, 1, 1);
        SDVariable normalized = sd.reshape(z, g.batch(), channels, x.height(), x.width());
        return x.with(normalized.mul(weight).add(bias));
    }
}
