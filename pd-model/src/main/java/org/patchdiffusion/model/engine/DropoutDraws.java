package org.patchdiffusion.model.engine;

import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What the masks of a program's runs are drawn from, and the masks as arrays, for engines that need them as such. */
public final class DropoutDraws {
    private final List<Dropout> dropouts;
    private long seed;
    private long step;
    private int firstImage;
    private boolean drawn;

    public DropoutDraws(List<Dropout> dropouts) {
        this.dropouts = List.copyOf(dropouts);
    }

    /** Sets what the masks of the following runs are drawn from. */
    public void draw(long newSeed, long newStep, int newFirstImage) {
        seed = newSeed;
        step = newStep;
        firstImage = newFirstImage;
        drawn = true;
    }

    public long seed() {
        return seed;
    }

    public long step() {
        return step;
    }

    /** What the program's first image is in the batch of the step. */
    public int firstImage() {
        return firstImage;
    }

    /**
     * Checks that there is a mask for each dropout.
     *
     * @throws IllegalArgumentException naming the mask that is neither given nor drawn
     */
    public void requireMasks(Map<String, INDArray> given) {
        for (Dropout dropout : dropouts) {
            if (!drawn && !given.containsKey(dropout.placeholder())) {
                throw new IllegalArgumentException(
                        "input " + dropout.placeholder() + " is missing; it is a dropout mask:"
                                + " call draw(seed, step) before the run, or give the mask");
            }
        }
    }

    /** Fills those buffers that are masks and not given; masks without a buffer are drawn elsewhere. */
    public void fill(Map<String, INDArray> given, Map<String, INDArray> buffers) {
        for (int layer = 0; layer < dropouts.size(); layer++) {
            Dropout dropout = dropouts.get(layer);
            INDArray buffer = buffers.get(dropout.placeholder());
            if (buffer != null && !given.containsKey(dropout.placeholder())) {
                DropoutMask.fill(seed, step, layer, firstImage, dropout.rate(), buffer);
            }
        }
    }
}
