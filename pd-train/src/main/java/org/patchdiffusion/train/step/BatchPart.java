package org.patchdiffusion.train.step;

import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Some neighbouring images of a batch, seen in its memory, with weights by which their loss is their share of the batch's:
 * the loss is a mean over the images, so each weight is multiplied by the part's share of them.
 *
 * @param batch the images; not to be closed
 * @param share what part of the images of the whole batch they are
 */
record BatchPart(TrainBatch batch, double share) implements AutoCloseable {
    private static final String WEIGHT = "weight";

    /** The images from one index up to, and without, another. */
    static BatchPart of(TrainBatch whole, int from, int to) {
        Map<String, INDArray> inputs = new HashMap<>();
        whole.inputs().forEach((name, array) -> inputs.put(name, array.get(NDArrayIndex.interval(from, to))));
        double share = (double) (to - from) / whole.size();
        inputs.put(WEIGHT, inputs.get(WEIGHT).mul(share));
        return new BatchPart(
                new TrainBatch(whole.patch(), whole.expectedImages(), whole.firstImage() + from, inputs), share);
    }

    /** Frees the weights; all else is the whole batch's. */
    @Override
    public void close() {
        batch.inputs().get(WEIGHT).close();
    }
}
