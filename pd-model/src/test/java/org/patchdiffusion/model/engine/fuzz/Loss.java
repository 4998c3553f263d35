package org.patchdiffusion.model.engine.fuzz;

import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * The scalar to differentiate.
 *
 * @param terms indices of the steps that it adds up
 * @param seed of the weights
 */
record Loss(Kind kind, List<Integer> terms, long seed) {

    enum Kind {
        /** Each element times a constant of its own. */
        WEIGHTED,
        /** The same with weights that are fed. */
        FED_WEIGHTS,
        /** The mean squared error against a target that is fed. */
        MEAN_SQUARE,
        /** Sums of squared errors over each image, times a number an image, as in the diffusion loss. */
        PER_IMAGE,
        /** A product of a number and the sum of all elements. */
        SCALED_SUM
    }

    Loss {
        terms = List.copyOf(terms);
    }

    Loss of(List<Integer> others) {
        return new Loss(kind, others, seed);
    }

    SDVariable emit(BuildContext context, SDVariable[] values, List<Step> steps) {
        SplittableRandom random = new SplittableRandom(seed);
        SDVariable total = null;
        for (int term : terms) {
            SDVariable value =
                    term(context, random, values[term], steps.get(term).shape());
            total = total == null ? value : total.add(value);
        }
        return total.rename("loss");
    }

    private SDVariable term(BuildContext context, SplittableRandom random, SDVariable value, long[] shape) {
        SameDiff sd = context.sd();
        SDVariable sum =
                switch (kind) {
                    case WEIGHTED -> sd.sum(value.mul(weights(context, Leaf.Kind.CONSTANT, random, shape)));
                    case FED_WEIGHTS -> sd.sum(value.mul(weights(context, Leaf.Kind.PLACEHOLDER, random, shape)));
                    case MEAN_SQUARE -> sd.mean(sd.math().square(error(context, random, value, shape)));
                    case PER_IMAGE -> perImage(context, random, value, shape);
                    case SCALED_SUM -> sd.sum(value.mul(weights(context, Leaf.Kind.CONSTANT, random, shape)))
                            .mul(0.37);
                };
        return context.rounded(sum, new long[0], Leaf.product(shape));
    }

    private static SDVariable weights(BuildContext context, Leaf.Kind kind, SplittableRandom random, long... shape) {
        return Leaf.normal(kind, Leaf.Memory.ROW_MAJOR, random, 1, shape).emit(context);
    }

    /** Against a target: a norm's output alone has the same sum of squares whatever goes in. */
    private static SDVariable error(BuildContext context, SplittableRandom random, SDVariable value, long[] shape) {
        return value.sub(weights(context, Leaf.Kind.PLACEHOLDER, random, shape));
    }

    private static SDVariable perImage(BuildContext context, SplittableRandom random, SDVariable value, long[] shape) {
        SameDiff sd = context.sd();
        SDVariable error = error(context, random, value, shape);
        if (shape.length != 4) {
            return sd.sum(error.mul(error));
        }
        SDVariable weight = weights(context, Leaf.Kind.PLACEHOLDER, random, shape[0]);
        long[] images = {shape[0]};
        SDVariable sums =
                context.rounded(sd.sum(error.mul(error), 1, 2, 3), images, Leaf.product(shape) / (double) shape[0]);
        return sd.sum(sums.mul(weight)).mul(1.0 / shape[0]);
    }
}
