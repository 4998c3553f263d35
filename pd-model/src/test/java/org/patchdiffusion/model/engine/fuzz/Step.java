package org.patchdiffusion.model.engine.fuzz;

import java.util.List;

/**
 * One step of a recipe: a leaf, an operation, or a few operations that belong together.
 *
 * @param text what it is, for the report
 * @param inputs indices of earlier steps
 * @param shape of its result
 * @param form how to write it
 */
record Step(String text, List<Integer> inputs, long[] shape, Form form) {
    Step {
        inputs = List.copyOf(inputs);
    }

    boolean isLeaf() {
        return inputs.isEmpty();
    }

    long elements() {
        long product = 1;
        for (long size : shape) {
            product *= size;
        }
        return product;
    }
}
