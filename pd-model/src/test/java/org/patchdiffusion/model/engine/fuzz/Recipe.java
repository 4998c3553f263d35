package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph as data, from which it can be built in either precision, and cut down.
 *
 * @param label where it comes from
 * @param outputs indices of the steps whose values are returned
 * @param loss how the scalar comes about; null for a graph that only runs forward
 */
record Recipe(String label, List<Step> steps, List<Integer> outputs, Loss loss) {

    Recipe {
        steps = List.copyOf(steps);
        outputs = List.copyOf(outputs);
    }

    /**
     * A built graph.
     *
     * @param steps names of the steps' values
     * @param outputs names, in the order of the recipe; the loss comes last if there is one
     */
    record Built(
            SameDiff sd,
            Map<String, INDArray> inputs,
            List<String> parameters,
            List<String> steps,
            List<String> outputs,
            String loss) {}

    /** Without noise. */
    Built build(DataType type) {
        return build(type, Noise.NONE);
    }

    Built build(DataType type, Noise noise) {
        BuildContext context = new BuildContext(type, noise);
        SDVariable[] values = new SDVariable[steps.size()];
        for (int i = 0; i < values.length; i++) {
            Step step = steps.get(i);
            SDVariable[] inputs =
                    step.inputs().stream().map(input -> values[input]).toArray(SDVariable[]::new);
            context.enter(step);
            values[i] = context.result(step.form().emit(context, inputs), step, i);
        }
        Set<String> names = new LinkedHashSet<>();
        outputs.forEach(output -> names.add(values[output].name()));
        String lossName = null;
        if (loss != null) {
            lossName = loss.emit(context, values, steps).name();
            names.add(lossName);
        }
        return new Built(
                context.sd(),
                context.inputs(),
                context.parameters(),
                Arrays.stream(values).map(SDVariable::name).toList(),
                List.copyOf(names),
                lossName);
    }

    /** Only the steps that an output or the loss needs. */
    Recipe pruned() {
        boolean[] needed = new boolean[steps.size()];
        outputs.forEach(i -> needed[i] = true);
        if (loss != null) {
            loss.terms().forEach(i -> needed[i] = true);
        }
        for (int i = needed.length - 1; i >= 0; i--) {
            if (needed[i]) {
                steps.get(i).inputs().forEach(input -> needed[input] = true);
            }
        }
        int[] index = new int[needed.length];
        List<Step> kept = new ArrayList<>();
        for (int i = 0; i < needed.length; i++) {
            index[i] = kept.size();
            if (needed[i]) {
                Step s = steps.get(i);
                List<Integer> inputs = s.inputs().stream().map(k -> index[k]).toList();
                kept.add(new Step(s.text(), inputs, s.shape(), s.form()));
            }
        }
        List<Integer> wanted = outputs.stream().map(i -> index[i]).toList();
        Loss moved = loss == null
                ? null
                : loss.of(loss.terms().stream().map(i -> index[i]).toList());
        return new Recipe(label, kept, wanted, moved);
    }

    Recipe with(int index, Step step) {
        List<Step> changed = new ArrayList<>(steps);
        changed.set(index, step);
        return new Recipe(label, changed, outputs, loss).pruned();
    }

    /** The steps, one a line. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(label).append('\n');
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            text.append(String.format(
                    "  %%%d = %s%s -> %s%n",
                    i,
                    step.text(),
                    step.inputs().stream().map(k -> " %" + k).reduce("", String::concat),
                    Arrays.toString(step.shape())));
        }
        return text.append("  outputs ")
                .append(outputs)
                .append(loss == null ? ", forward only" : ", loss " + loss)
                .toString();
    }
}
