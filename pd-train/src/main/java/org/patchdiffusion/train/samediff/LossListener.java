package org.patchdiffusion.train.samediff;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.BaseListener;
import org.nd4j.autodiff.listeners.Operation;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Keeps the loss of every step of {@code sd.fit}, before its update. SameDiff 1.0.0-M2.1 computes a loss only where a
 * gradient needs its value, which that of a sum does not, and its own history then says 0; this listener runs the graph
 * forward once more.
 */
public final class LossListener extends BaseListener {
    private final List<Double> losses = new ArrayList<>();

    @Override
    public boolean isActive(Operation operation) {
        return operation == Operation.TRAINING;
    }

    @Override
    public void iterationStart(SameDiff sd, At at, MultiDataSet batch, long etlMillis) {
        List<String> features = sd.getTrainingConfig().getDataSetFeatureMapping();
        Map<String, INDArray> inputs = new HashMap<>();
        for (int i = 0; i < features.size(); i++) {
            inputs.put(features.get(i), batch.getFeatures(i));
        }
        String loss = sd.getLossVariables().get(0);
        losses.add(sd.output(inputs, loss).get(loss).getDouble(0));
    }

    /** The loss of each step so far. */
    public List<Double> losses() {
        return List.copyOf(losses);
    }
}
