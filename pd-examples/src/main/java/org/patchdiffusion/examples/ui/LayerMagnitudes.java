package org.patchdiffusion.examples.ui;

import java.util.LinkedHashMap;
import java.util.Map;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;

/**
 * How large the weights of each block of the network are, and how large the last step's change of them: what DL4J's UI
 * draws as a ratio, which is about 1e-3 where the learning rate suits.
 *
 * @param weights mean of |w| over the weights of each block
 * @param updates mean of |change| in the last step
 * @param deviations standard deviation of that change
 */
record LayerMagnitudes(Map<String, Double> weights, Map<String, Double> updates, Map<String, Double> deviations) {

    private static final class Sums {
        double weights;
        double updates;
        double sum;
        double squares;
        long count;
    }

    /**
     * Measures the state after a step. The change is Adam's, from its moments (Kingma and Ba 2015, algorithm 1).
     *
     * @param learningRate of the last step
     */
    static LayerMagnitudes of(TrainingState state, TrainingConfig config, double learningRate) {
        double first = 1 - Math.pow(config.optimizer().beta1(), state.steps());
        double second = 1 - Math.pow(config.optimizer().beta2(), state.steps());
        double epsilon = config.optimizer().epsilon();
        float[] w = values(state.parameters());
        float[] m = values(state.firstMoment());
        float[] v = values(state.secondMoment());
        Map<String, Sums> blocks = new LinkedHashMap<>();
        for (ParameterLayout.Entry entry : state.parameters().layout().entries()) {
            if (!entry.trained() || !entry.name().endsWith(".weight")) {
                continue;
            }
            Sums sums = blocks.computeIfAbsent(block(entry.name()), name -> new Sums());
            int from = Math.toIntExact(entry.offset());
            int to = Math.toIntExact(entry.offset() + entry.length());
            for (int i = from; i < to; i++) {
                double change = learningRate * (m[i] / first) / (Math.sqrt(v[i] / second) + epsilon);
                sums.weights += Math.abs(w[i]);
                sums.updates += Math.abs(change);
                sums.sum += change;
                sums.squares += change * change;
            }
            sums.count += to - from;
        }
        return of(blocks);
    }

    private static LayerMagnitudes of(Map<String, Sums> blocks) {
        LayerMagnitudes all = new LayerMagnitudes(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
        blocks.forEach((name, sums) -> {
            double mean = sums.sum / sums.count;
            all.weights.put(name, sums.weights / sums.count);
            all.updates.put(name, sums.updates / sums.count);
            all.deviations.put(name, Math.sqrt(Math.max(0, sums.squares / sums.count - mean * mean)));
        });
        return all;
    }

    private static float[] values(Parameters parameters) {
        return parameters.flat().toFloatVector();
    }

    /**
     * The block of a parameter such as {@code model.enc.32x32_block0.conv0.weight}: {@code enc.32x32_block0.W}. The UI takes
     * a name for that of weights by its last letter.
     */
    private static String block(String parameter) {
        String[] parts = parameter.split("\\.");
        boolean inPart = parts.length > 4;
        return (inPart ? parts[1] + "." + parts[2] : parts[1]) + ".W";
    }
}
