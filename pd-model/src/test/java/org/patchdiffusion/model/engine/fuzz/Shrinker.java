package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Cuts a failing recipe down while it still fails on the same engine. */
final class Shrinker {
    private static final int ATTEMPTS = 150;

    private final Candidate candidate;
    private final boolean exception;
    private int attempts;

    Shrinker(Candidate candidate, boolean exception) {
        this.candidate = candidate;
        this.exception = exception;
    }

    Recipe shrink(Recipe failing) {
        Recipe best = failing;
        boolean smaller = true;
        while (smaller && attempts < ATTEMPTS) {
            smaller = false;
            for (Recipe trial : trials(best)) {
                if (attempts >= ATTEMPTS) {
                    break;
                }
                if (fails(trial)) {
                    best = trial;
                    smaller = true;
                    break;
                }
            }
        }
        return best;
    }

    private boolean fails(Recipe recipe) {
        attempts++;
        try {
            return new GraphCheck(recipe)
                    .run(List.of(candidate)).findings().stream()
                            .anyMatch(f -> Double.isInfinite(f.error()) == exception);
        } catch (Reference.NotRunnableException e) {
            return false;
        }
    }

    /** Smaller recipes, the smallest first. */
    private static List<Recipe> trials(Recipe recipe) {
        List<Recipe> trials = new ArrayList<>();
        int last = recipe.steps().size();
        if (recipe.loss() != null) {
            trials.add(new Recipe(recipe.label(), recipe.steps(), recipe.outputs(), null));
            for (int i : recipe.loss().terms()) {
                trials.add(new Recipe(
                        recipe.label(),
                        recipe.steps(),
                        List.of(i),
                        recipe.loss().of(List.of(i))));
            }
        }
        for (int i = 0; i < recipe.outputs().size() && recipe.outputs().size() > 1; i++) {
            List<Integer> fewer = new ArrayList<>(recipe.outputs());
            fewer.remove(i);
            trials.add(new Recipe(recipe.label(), recipe.steps(), fewer, recipe.loss()));
        }
        for (int i = 0; i < last; i++) {
            if (!recipe.steps().get(i).isLeaf()) {
                Loss loss = recipe.loss() == null ? null : recipe.loss().of(List.of(i));
                trials.add(new Recipe(recipe.label(), recipe.steps(), List.of(i), loss));
            }
        }
        for (int i = last - 1; i >= 0; i--) {
            replacements(recipe, i).forEach(trials::add);
        }
        return trials.stream()
                .map(Recipe::pruned)
                .filter(trial -> size(trial) < size(recipe))
                .toList();
    }

    private static int size(Recipe recipe) {
        int size = 10 * recipe.steps().size() + recipe.outputs().size() + (recipe.loss() == null ? 0 : 1);
        for (Step step : recipe.steps()) {
            size += step.isLeaf() ? 0 : 10;
        }
        return size;
    }

    /** A step replaced by an input of the same shape, or by something fed. */
    private static List<Recipe> replacements(Recipe recipe, int index) {
        Step step = recipe.steps().get(index);
        if (step.isLeaf()) {
            return List.of();
        }
        List<Recipe> replaced = new ArrayList<>();
        Optional<Integer> same = step.inputs().stream()
                .filter(i -> Arrays.equals(recipe.steps().get(i).shape(), step.shape()))
                .findFirst();
        same.ifPresent(input -> {
            Step passed = new Step("same", List.of(input), step.shape(), (c, v) -> v[0]);
            replaced.add(without(recipe, index, passed));
        });
        SplittableRandom random = new SplittableRandom(index);
        Leaf leaf = Leaf.normal(Leaf.Kind.PLACEHOLDER, Leaf.Memory.ROW_MAJOR, random, 1, step.shape());
        replaced.add(recipe.with(index, new Step(leaf.toString(), List.of(), step.shape(), leaf)));
        return replaced;
    }

    /** The recipe with every reading of a step led to the input of its replacement. */
    private static Recipe without(Recipe recipe, int index, Step passed) {
        int input = passed.inputs().get(0);
        List<Step> steps = recipe.steps().stream()
                .map(s -> new Step(
                        s.text(),
                        s.inputs().stream().map(i -> i == index ? input : i).toList(),
                        s.shape(),
                        s.form()))
                .toList();
        List<Integer> outputs =
                recipe.outputs().stream().map(i -> i == index ? input : i).toList();
        Loss loss = recipe.loss() == null
                ? null
                : recipe.loss()
                        .of(recipe.loss().terms().stream()
                                .map(i -> i == index ? input : i)
                                .toList());
        return new Recipe(recipe.label(), steps, outputs, loss).pruned();
    }
}
