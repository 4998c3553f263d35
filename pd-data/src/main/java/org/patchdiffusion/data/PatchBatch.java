package org.patchdiffusion.data;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;

/**
 * The images of one training step.
 *
 * <p>The arrays belong to whoever takes the batch, who closes it after the step.
 *
 * @param step the training step
 * @param size size of all its patches
 * @param y clean patches in [-1, 1], float32 [B, channels, h, w]
 * @param pos their coordinates in the whole image, float32 [B, 2, h, w] (see {@link Positions})
 * @param labels one-hot classes, float32 [B, number of classes]; null if the data set has no labels
 * @param augmentLabels what the augmentation did, float32 [B, number of its labels] (see {@link
 *     org.patchdiffusion.data.augment.AugmentPipeline}); null without augmentation
 * @param crops where each patch comes from
 */
public record PatchBatch(
        long step, PatchSize size, INDArray y, INDArray pos, INDArray labels, INDArray augmentLabels, List<Crop> crops)
        implements AutoCloseable {

    public PatchBatch {
        crops = List.copyOf(crops);
    }

    /** Number of images, B. */
    public int count() {
        return crops.size();
    }

    /**
     * The same arrays as features: y, pos, labels and augmentation labels as far as there are any, with no labels to compare
     * an output with.
     */
    public MultiDataSet toMultiDataSet() {
        return new MultiDataSet(arrays().toArray(INDArray[]::new), new INDArray[0]);
    }

    /** The same arrays as features [y, pos] and labels [labels]. */
    MultiDataSet toLabelledMultiDataSet() {
        return new MultiDataSet(new INDArray[] {y, pos}, new INDArray[] {labels});
    }

    /** Frees the arrays. */
    @Override
    public void close() {
        arrays().forEach(INDArray::close);
    }

    private List<INDArray> arrays() {
        List<INDArray> arrays = new ArrayList<>(List.of(y, pos));
        if (labels != null) {
            arrays.add(labels);
        }
        if (augmentLabels != null) {
            arrays.add(augmentLabels);
        }
        return arrays;
    }
}
