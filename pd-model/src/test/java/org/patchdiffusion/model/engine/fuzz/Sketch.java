package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/** A recipe while the generator draws it. */
final class Sketch {
    private final SplittableRandom random;
    private final List<Step> steps = new ArrayList<>();
    private final long batch;
    private final boolean familiar;

    /**
     * An empty recipe.
     *
     * @param familiar whether everything is written the way that the networks of this project write it
     */
    Sketch(SplittableRandom random, long batch, boolean familiar) {
        this.random = random;
        this.batch = batch;
        this.familiar = familiar;
    }

    long batch() {
        return batch;
    }

    List<Step> steps() {
        return steps;
    }

    long[] shape(int step) {
        return steps.get(step).shape();
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    /** Whether to depart from the familiar way of writing something. */
    boolean departs(double probability) {
        return chance(probability) && !familiar;
    }

    boolean familiar() {
        return familiar;
    }

    /** Inclusive bounds. */
    int between(int low, int high) {
        return random.nextInt(low, high + 1);
    }

    long nextSeed() {
        return random.nextLong();
    }

    @SafeVarargs
    final <T> T one(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    <T> T one(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /** Adds an operation. */
    int add(String text, long[] shape, Form form, int... inputs) {
        steps.add(new Step(text, Arrays.stream(inputs).boxed().toList(), shape, form));
        return steps.size() - 1;
    }

    private int leaf(Leaf leaf) {
        return add(leaf.toString(), leaf.shape(), leaf);
    }

    /** Images of which a pixel is far from all others, the first one perhaps, or all are far from 0. */
    int imageWithOutliers(long... shape) {
        Leaf leaf = Leaf.normal(Leaf.Kind.PLACEHOLDER, Leaf.Memory.ROW_MAJOR, random, 1, shape);
        int pixels = Math.toIntExact(shape[2] * shape[3]);
        int at = chance(0.7) ? 0 : between(0, pixels - 1);
        boolean all = chance(0.2);
        for (int i = 0; i < leaf.values().length; i++) {
            if (all || i % pixels == at) {
                leaf.values()[i] += all ? 10 : 30;
            }
        }
        return add("placeholder " + (all ? "far from 0" : "with outliers"), shape, leaf);
    }

    int placeholder(long... shape) {
        Leaf.Memory memory = !departs(0.2) ? Leaf.Memory.ROW_MAJOR : one(Leaf.Memory.values());
        return leaf(Leaf.normal(Leaf.Kind.PLACEHOLDER, memory, random, 1, shape));
    }

    int parameter(double scale, long... shape) {
        return leaf(Leaf.normal(Leaf.Kind.PARAMETER, Leaf.Memory.ROW_MAJOR, random, scale, shape));
    }

    int constant(double scale, long... shape) {
        Leaf.Memory memory = chance(0.4) ? Leaf.Memory.ROW_MAJOR : one(Leaf.Memory.values());
        return leaf(Leaf.normal(Leaf.Kind.CONSTANT, memory, random, scale, shape));
    }

    /** A parameter near a value. */
    int parameterAround(double centre, double scale, long... shape) {
        Leaf normal = Leaf.normal(Leaf.Kind.PARAMETER, Leaf.Memory.ROW_MAJOR, random, scale, shape);
        for (int i = 0; i < normal.values().length; i++) {
            normal.values()[i] += (float) centre;
        }
        return leaf(normal);
    }

    /** An earlier parameter of exactly this shape in one case of {@code 1 / odds}, or a new one. */
    int sharedParameter(double odds, double scale, long... shape) {
        List<Integer> known = find(step -> isParameter(step) && Arrays.equals(step.shape(), shape));
        return !known.isEmpty() && chance(familiar ? 0.03 : odds) ? one(known) : parameter(scale, shape);
    }

    static boolean isParameter(Step step) {
        return step.form() instanceof Leaf leaf && leaf.kind() == Leaf.Kind.PARAMETER;
    }

    List<Integer> find(Predicate<Step> condition) {
        List<Integer> found = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            if (condition.test(steps.get(i))) {
                found.add(i);
            }
        }
        return found;
    }

    /** A computed or fed value of a rank, most likely a recent one; a new placeholder if there is none. */
    int value(int rank) {
        List<Integer> known = find(step -> step.shape().length == rank && !isWeight(step));
        if (known.isEmpty()) {
            return placeholder(freshShape(rank));
        }
        int back = 0;
        while (back < known.size() - 1 && chance(0.3)) {
            back++;
        }
        return known.get(known.size() - 1 - back);
    }

    /** Any value but parameters and constants, most likely a recent one. */
    int anyValue() {
        List<Integer> known = find(step -> !isWeight(step));
        int back = 0;
        while (back < known.size() - 1 && chance(0.3)) {
            back++;
        }
        return known.get(known.size() - 1 - back);
    }

    private static boolean isWeight(Step step) {
        return step.form() instanceof Leaf leaf && leaf.kind() != Leaf.Kind.PLACEHOLDER;
    }

    /** Another value of the same shape, or a new placeholder or parameter of it. */
    int partner(int of) {
        long[] shape = shape(of);
        List<Integer> known =
                find(step -> !isWeight(step) && Arrays.equals(step.shape(), shape) && step != steps.get(of));
        if (!known.isEmpty() && chance(0.7)) {
            return one(known);
        }
        if (familiar) {
            return chance(0.6) ? placeholder(shape) : constant(1, shape);
        }
        return chance(0.6) ? placeholder(shape) : chance(0.5) ? constant(1, shape) : parameter(1, shape);
    }

    private long[] freshShape(int rank) {
        long[] shape = new long[rank];
        Arrays.setAll(shape, i -> i == 0 ? batch : between(1, 9));
        return shape;
    }
}
