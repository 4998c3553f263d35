package org.patchdiffusion.model.engine.compiled.lower;

import java.util.HashMap;
import java.util.Map;
import org.patchdiffusion.model.engine.compiled.ir.AddVector;
import org.patchdiffusion.model.engine.compiled.ir.Attention;
import org.patchdiffusion.model.engine.compiled.ir.Binary;
import org.patchdiffusion.model.engine.compiled.ir.Blur;
import org.patchdiffusion.model.engine.compiled.ir.ChannelParameter;
import org.patchdiffusion.model.engine.compiled.ir.Concat;
import org.patchdiffusion.model.engine.compiled.ir.Conv;
import org.patchdiffusion.model.engine.compiled.ir.Dense;
import org.patchdiffusion.model.engine.compiled.ir.Dropout;
import org.patchdiffusion.model.engine.compiled.ir.Feed;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Pad;
import org.patchdiffusion.model.engine.compiled.ir.Pool;
import org.patchdiffusion.model.engine.compiled.ir.Reorder;
import org.patchdiffusion.model.engine.compiled.ir.Reshape;
import org.patchdiffusion.model.engine.compiled.ir.Scale;
import org.patchdiffusion.model.engine.compiled.ir.ScaledAdd;
import org.patchdiffusion.model.engine.compiled.ir.SpreadBatch;
import org.patchdiffusion.model.engine.compiled.ir.SpreadImage;
import org.patchdiffusion.model.engine.compiled.ir.SpreadPixels;
import org.patchdiffusion.model.engine.compiled.ir.SumBatch;
import org.patchdiffusion.model.engine.compiled.ir.SumImage;
import org.patchdiffusion.model.engine.compiled.ir.SumPixels;
import org.patchdiffusion.model.engine.compiled.ir.Unary;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.patchdiffusion.model.engine.compiled.ir.Upsample;

/** The lowering of each kind of node. */
final class Lowerings {
    private static final Map<Class<?>, NodeLowering<?>> BY_KIND = new HashMap<>();

    static {
        register(Feed.class, (lowering, node) -> {
            if (node.output().isSplit()) {
                lowering.define(node.output());
            }
        });
        register(Conv.class, ConvLowering::forward);
        register(Conv.InputGradient.class, ConvLowering::inputGradient);
        register(Conv.KernelGradient.class, ConvKernelGradientLowering::lower);
        register(Pool.class, PoolLowering::forward);
        register(Pool.Gradient.class, PoolLowering::gradient);
        register(Dense.class, DenseLowering::forward);
        register(Dense.InputGradient.class, DenseLowering::inputGradient);
        register(Dense.WeightGradient.class, DenseLowering::weightGradient);
        register(Norm.class, NormLowering::forward);
        register(Norm.Gradient.class, NormLowering::gradient);
        register(Attention.class, AttentionLowering::forward);
        register(Attention.Gradient.class, AttentionLowering::gradient);
        register(Upsample.class, BlockLowering::forward);
        register(Upsample.Gradient.class, BlockLowering::gradient);
        register(Pad.class, PadLowering::forward);
        register(Pad.Gradient.class, PadLowering::gradient);
        register(Blur.class, BlurLowering::forward);
        register(Concat.class, ConcatLowering::forward);
        register(Concat.Gradient.class, ConcatLowering::gradient);
        register(Reorder.class, ReorderLowering::forward);
        register(Reshape.class, ElementLowerings::reshape);
        register(ScaledAdd.class, ElementLowerings::scaledAdd);
        register(Scale.class, ElementLowerings::scale);
        register(Binary.class, ElementLowerings::binary);
        register(Unary.class, UnaryLowering::forward);
        register(Unary.Gradient.class, UnaryLowering::gradient);
        register(Dropout.class, DropoutLowering::lower);
        register(AddVector.class, ChannelLowerings::addVector);
        register(SumPixels.class, ChannelLowerings::sumPixels);
        register(SpreadPixels.class, ChannelLowerings::spreadPixels);
        register(ChannelParameter.class, ChannelLowerings::parameter);
        register(ChannelParameter.Gradient.class, ChannelLowerings::parameterGradient);
        register(SumImage.class, SumLowerings::sumImage);
        register(SpreadImage.class, SumLowerings::spreadImage);
        register(SumBatch.class, SumLowerings::sumBatch);
        register(SpreadBatch.class, SumLowerings::spreadBatch);
    }

    private Lowerings() {}

    private static <N extends Node> void register(Class<N> kind, NodeLowering<N> lowering) {
        BY_KIND.put(kind, lowering);
    }

    static boolean knows(Class<?> kind) {
        return BY_KIND.containsKey(kind);
    }

    /** @throws UnsupportedGraphException if nodes of this kind only exist to be fused into others */
    static void lower(Lowering lowering, Node node) {
        lower(lowering, node, node.getClass());
    }

    @SuppressWarnings("unchecked")
    private static <N extends Node> void lower(Lowering lowering, Node node, Class<N> kind) {
        NodeLowering<N> known = (NodeLowering<N>) BY_KIND.get(kind);
        if (known == null) {
            throw new UnsupportedGraphException(
                    kind.getSimpleName().toLowerCase(java.util.Locale.ROOT) + " has nothing to be fused into");
        }
        known.lower(lowering, kind.cast(node));
    }
}
