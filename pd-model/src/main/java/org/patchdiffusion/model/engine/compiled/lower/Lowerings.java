package org.patchdiffusion.model.engine.compiled.lower;

import java.util.Locale;
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
    private Lowerings() {}

    /** @throws UnsupportedGraphException if nodes of this kind only exist to be fused into others */
    static void lower(Lowering lowering, Node node) {
        boolean isKnown =
                windows(lowering, node) || products(lowering, node) || elements(lowering, node) || sums(lowering, node);
        if (!isKnown) {
            String kind = node.getClass().getSimpleName().toLowerCase(Locale.ROOT);
            throw new UnsupportedGraphException(kind + " has nothing to be fused into");
        }
    }

    /** Nodes that look at neighbours: convolution, pooling, padding, resampling. */
    private static boolean windows(Lowering lowering, Node node) {
        if (node instanceof Conv n) {
            ConvLowering.forward(lowering, n);
        } else if (node instanceof Conv.InputGradient n) {
            ConvLowering.inputGradient(lowering, n);
        } else if (node instanceof Conv.KernelGradient n) {
            ConvKernelGradientLowering.lower(lowering, n);
        } else if (node instanceof Pool n) {
            PoolLowering.forward(lowering, n);
        } else if (node instanceof Pool.Gradient n) {
            PoolLowering.gradient(lowering, n);
        } else if (node instanceof Upsample n) {
            BlockLowering.forward(lowering, n);
        } else if (node instanceof Upsample.Gradient n) {
            BlockLowering.gradient(lowering, n);
        } else if (node instanceof Pad n) {
            PadLowering.forward(lowering, n);
        } else if (node instanceof Pad.Gradient n) {
            PadLowering.gradient(lowering, n);
        } else if (node instanceof Blur n) {
            BlurLowering.forward(lowering, n);
        } else {
            return false;
        }
        return true;
    }

    /** Products, and nodes over whole tensors. */
    private static boolean products(Lowering lowering, Node node) {
        if (node instanceof Dense n) {
            DenseLowering.forward(lowering, n);
        } else if (node instanceof Dense.InputGradient n) {
            DenseLowering.inputGradient(lowering, n);
        } else if (node instanceof Dense.WeightGradient n) {
            DenseLowering.weightGradient(lowering, n);
        } else if (node instanceof Norm n) {
            NormLowering.forward(lowering, n);
        } else if (node instanceof Norm.Gradient n) {
            NormLowering.gradient(lowering, n);
        } else if (node instanceof Attention n) {
            AttentionLowering.forward(lowering, n);
        } else if (node instanceof Attention.Gradient n) {
            AttentionLowering.gradient(lowering, n);
        } else if (node instanceof Concat n) {
            ConcatLowering.forward(lowering, n);
        } else if (node instanceof Concat.Gradient n) {
            ConcatLowering.gradient(lowering, n);
        } else if (node instanceof Reorder n) {
            ReorderLowering.forward(lowering, n);
        } else if (node instanceof Dropout n) {
            DropoutLowering.lower(lowering, n);
        } else {
            return false;
        }
        return true;
    }

    /** Nodes that treat every number, or every channel, by itself. */
    private static boolean elements(Lowering lowering, Node node) {
        if (node instanceof Feed n) {
            if (n.output().isSplit()) {
                lowering.define(n.output());
            }
        } else if (node instanceof Reshape n) {
            ElementLowerings.reshape(lowering, n);
        } else if (node instanceof ScaledAdd n) {
            ElementLowerings.scaledAdd(lowering, n);
        } else if (node instanceof Scale n) {
            ElementLowerings.scale(lowering, n);
        } else if (node instanceof Binary n) {
            ElementLowerings.binary(lowering, n);
        } else if (node instanceof Unary n) {
            UnaryLowering.forward(lowering, n);
        } else if (node instanceof Unary.Gradient n) {
            UnaryLowering.gradient(lowering, n);
        } else if (node instanceof AddVector n) {
            ChannelLowerings.addVector(lowering, n);
        } else if (node instanceof ChannelParameter n) {
            ChannelLowerings.parameter(lowering, n);
        } else if (node instanceof ChannelParameter.Gradient n) {
            ChannelLowerings.parameterGradient(lowering, n);
        } else {
            return false;
        }
        return true;
    }

    /** Sums over axes, and what spreads them out again. */
    private static boolean sums(Lowering lowering, Node node) {
        if (node instanceof SumPixels n) {
            ChannelLowerings.sumPixels(lowering, n);
        } else if (node instanceof SpreadPixels n) {
            ChannelLowerings.spreadPixels(lowering, n);
        } else if (node instanceof SumImage n) {
            SumLowerings.sumImage(lowering, n);
        } else if (node instanceof SpreadImage n) {
            SumLowerings.spreadImage(lowering, n);
        } else if (node instanceof SumBatch n) {
            SumLowerings.sumBatch(lowering, n);
        } else if (node instanceof SpreadBatch n) {
            SumLowerings.spreadBatch(lowering, n);
        } else {
            return false;
        }
        return true;
    }
}
