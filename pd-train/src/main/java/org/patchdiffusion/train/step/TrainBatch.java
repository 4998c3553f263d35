package org.patchdiffusion.train.step;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.PatchSize;

/**
 * Everything that a step feeds to the loss graph.
 *
 * @param patch size of all its patches
 * @param expectedImages how many images a step shows on average over the patch sizes, batch · Σ p·R/s: what the
 *     schedules count, rather than the number in this batch
 * @param firstImage what its first image is in the batch of the step; 0 unless it is a part of that batch
 * @param inputs the graph's placeholders by name: {@code y} clean patches {@code [B, C, h, w]} in [-1, 1],
 *     {@code noise} standard normal of that shape, {@code sigma} and {@code weight} {@code [B]}, {@code pos}
 *     {@code [B, 2, h, w]}, and where the model has them {@code labels} {@code [B, L]} and {@code augment_labels}
 *     {@code [B, A]}; dropout masks are drawn by the program
 */
public record TrainBatch(PatchSize patch, double expectedImages, int firstImage, Map<String, INDArray> inputs)
        implements AutoCloseable {
    public TrainBatch {
        inputs = Map.copyOf(inputs);
    }

    /** The whole batch of a step. */
    public TrainBatch(PatchSize patch, double expectedImages, Map<String, INDArray> inputs) {
        this(patch, expectedImages, 0, inputs);
    }

    /** Number of patches. */
    public int size() {
        return (int) inputs.get("y").size(0);
    }

    /** Frees the arrays. */
    @Override
    public void close() {
        inputs.values().forEach(INDArray::close);
    }
}
