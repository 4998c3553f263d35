package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Draws recipes: number k of seed s is always the same. */
final class GraphGenerator {

    /** A kind of step and how often it is drawn. */
    private record Choice(int weight, Consumer<Sketch> draw) {}

    private static final List<Choice> KNOWN = List.of(
            new Choice(8, ConvOps::plain),
            new Choice(3, ConvOps::wide),
            new Choice(6, NormOps::plain),
            new Choice(4, PointwiseOps::activation),
            new Choice(3, PointwiseOps::residual),
            new Choice(5, PointwiseOps::residualAndNorm),
            new Choice(2, PointwiseOps::number),
            new Choice(3, PointwiseOps::equalSizes),
            new Choice(1, VectorOps::overImage),
            new Choice(2, NormOps::embedded),
            new Choice(2, NormOps::adaptive),
            new Choice(2, VectorOps::attention),
            new Choice(2, ResampleOps::halve),
            new Choice(2, ResampleOps::upsample),
            new Choice(3, ResampleOps::concat),
            new Choice(1, PointwiseOps::mask),
            new Choice(1, PointwiseOps::square),
            new Choice(1, VectorOps::dense),
            new Choice(1, ConvOps::planes),
            new Choice(2, ConvOps::sharedBehindConcat),
            new Choice(1, PointwiseOps::identity));

    private static final List<Choice> NEAR = List.of(
            new Choice(6, ConvOps::general),
            new Choice(2, ConvOps::planes),
            new Choice(2, ConvOps::relatives),
            new Choice(2, ConvOps::channelsLast),
            new Choice(2, ConvOps::kernelAsValue),
            new Choice(3, ConvOps::sharedBehindConcat),
            new Choice(6, NormOps::general),
            new Choice(2, NormOps::batch),
            new Choice(1, NormOps::library),
            new Choice(4, ResampleOps::pool),
            new Choice(2, ResampleOps::upsample),
            new Choice(2, ResampleOps::concat),
            new Choice(2, ResampleOps::slice),
            new Choice(1, ResampleOps::spaceToDepth),
            new Choice(3, ResampleOps::reduce),
            new Choice(6, PointwiseOps::broadcast),
            new Choice(2, PointwiseOps::ownMean),
            new Choice(2, PointwiseOps::unknown),
            new Choice(1, PointwiseOps::identity),
            new Choice(2, VectorOps::product),
            new Choice(1, VectorOps::linear),
            new Choice(2, VectorOps::softmax),
            new Choice(2, VectorOps::attention),
            new Choice(2, VectorOps::permute),
            new Choice(1, VectorOps::stack),
            new Choice(2, VectorOps::flatten));

    /** Elements of a tensor behind which a graph ends: many small graphs say more than a few large ones. */
    private static final long LARGE = 6000;

    private final long seed;

    GraphGenerator(long seed) {
        this.seed = seed;
    }

    Recipe draw(int index) {
        SplittableRandom random = new SplittableRandom(seed * 1_000_003L + index);
        // A share of the graphs begins in a way that chance alone finds too seldom.
        int kind = index % 20;
        boolean forward = kind == 15 || random.nextDouble() < 0.35;
        Sketch s = new Sketch(
                random, kind == 3 ? 1 : random.nextInt(1, 6), kind == 3 || kind == 9 || random.nextDouble() < 0.5);
        switch (kind) {
            case 3 -> {
                PointwiseOps.convOf(s, s.imageWithOutliers(1, s.one(2, 4), 64, 64));
                NormOps.plain(s);
            }
            case 9 -> {
                s.placeholder(s.batch(), s.one(16, 32), s.between(3, 6), s.between(3, 6));
                PointwiseOps.residualOfConvolutions(s);
            }
            case 15 -> {
                s.placeholder(s.batch(), s.between(1, 8), s.between(2, 5), s.between(2, 5));
                ConvOps.wide(s);
            }
            default -> image(s);
        }
        double strange = s.familiar() ? 0 : s.one(0.0, 0.1, 0.3, 0.7);
        int length = kind == 3 || kind == 9 ? s.between(0, 1) : s.between(1, s.one(3, 6, 10));
        for (int i = 0; i < length && s.steps().get(s.steps().size() - 1).elements() < LARGE; i++) {
            step(s, strange, forward);
        }
        if (s.chance(0.03)) {
            PointwiseOps.chain(s, s.between(100, 400));
        }
        return finish(s, "seed " + seed + " graph " + index, forward).pruned();
    }

    private static void image(Sketch s) {
        // Equal sizes hide which axis a broadcast goes over.
        boolean equal = s.chance(0.25);
        long side = equal ? s.batch() : s.between(2, 9);
        long width = equal || s.chance(0.7) ? side : s.between(1, 9);
        s.placeholder(s.batch(), equal ? s.batch() : ConvOps.channels(s), side, width);
        if (s.chance(0.85)) {
            ConvOps.plain(s);
        }
    }

    private static void step(Sketch s, double strange, boolean forward) {
        if (!s.chance(strange)) {
            draw(s, KNOWN);
        } else if (s.chance(0.06)) {
            ConvOps.pad(s, !forward);
        } else if (s.chance(0.06)) {
            VectorOps.reshape(s, !forward);
        } else if (forward && s.chance(0.1)) {
            ConvOps.otherFormats(s);
        } else {
            draw(s, NEAR);
        }
    }

    private static void draw(Sketch s, List<Choice> choices) {
        int total = choices.stream().mapToInt(Choice::weight).sum();
        int at = s.between(0, total - 1);
        for (Choice choice : choices) {
            at -= choice.weight();
            if (at < 0) {
                choice.draw().accept(s);
                return;
            }
        }
    }

    private static Recipe finish(Sketch s, String label, boolean forward) {
        List<Integer> outputs = new ArrayList<>();
        int last = s.steps().size() - 1;
        while (s.steps().get(last).isLeaf() && last > 0) {
            last--;
        }
        outputs.add(last);
        while (s.chance(0.35)) {
            outputs.add(!s.departs(0.15) ? s.anyValue() : s.between(0, s.steps().size() - 1));
        }
        if (s.chance(0.08)) {
            // The same value under two names.
            int of = outputs.get(0);
            outputs.add(s.add("identity", s.shape(of), (c, v) -> c.sd().identity(v[0]), of));
        }
        if (!dependsOnParameters(s, last)) {
            int weight = s.parameter(1, s.shape(last));
            last = s.add("mul", s.shape(last), (c, v) -> v[0].mul(v[1]), last, weight);
            outputs.set(0, last);
        }
        if (forward) {
            return new Recipe(label, s.steps(), outputs, null);
        }
        List<Integer> terms = !s.departs(0.4) ? List.of(last) : outputs;
        return new Recipe(label, s.steps(), outputs, new Loss(s.one(Loss.Kind.values()), terms, s.nextSeed()));
    }

    private static boolean dependsOnParameters(Sketch s, int step) {
        return Sketch.isParameter(s.steps().get(step))
                || s.steps().get(step).inputs().stream().anyMatch(input -> dependsOnParameters(s, input));
    }
}
