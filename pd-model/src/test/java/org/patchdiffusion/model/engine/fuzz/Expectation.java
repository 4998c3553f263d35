package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a recipe must give, and how much rounding may move it. */
final class Expectation {
    private static final int NOISY_RUNS = 3;

    private final Recipe recipe;
    private final UnaryOperator<INDArray> change;
    private final List<INDArray> wanted;
    private final Map<Double, List<List<INDArray>>> noisy = new HashMap<>();
    private List<INDArray> stock;

    /**
     * Computes it.
     *
     * @param change of the parameters before the run
     */
    Expectation(Recipe recipe, UnaryOperator<INDArray> change) throws Reference.NotRunnableException {
        this.recipe = recipe;
        this.change = change;
        this.wanted = new Reference(recipe).run(change);
    }

    /** Outputs, and the gradients of the parameters behind them if there is a loss. */
    List<INDArray> wanted() {
        return wanted;
    }

    /** The same by stock SameDiff in float32, whose native code is partly another; empty if that fails. */
    List<INDArray> stock() {
        if (stock == null) {
            try {
                stock = new Reference(recipe, DataType.FLOAT).run(change);
            } catch (Reference.NotRunnableException e) {
                stock = List.of();
            }
        }
        return stock;
    }

    /** How far noise of a relative size behind every operation moves a tensor, at most. */
    double noise(double rounding, int position) {
        return noisy.computeIfAbsent(rounding, this::noisyRuns).stream()
                .mapToDouble(run -> run.get(position)
                        .sub(wanted.get(position))
                        .norm2Number()
                        .doubleValue())
                .max()
                .orElse(0);
    }

    private List<List<INDArray>> noisyRuns(double rounding) {
        List<List<INDArray>> runs = new ArrayList<>();
        try {
            List<Double> scales = new Reference(recipe).scales();
            for (int i = 0; i < NOISY_RUNS; i++) {
                runs.add(new Reference(recipe, new Noise(rounding, i, scales)).run(change));
            }
        } catch (Reference.NotRunnableException e) {
            throw new IllegalStateException("the reference does not run with noise", e);
        }
        return runs;
    }
}
