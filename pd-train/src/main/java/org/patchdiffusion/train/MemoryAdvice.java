package org.patchdiffusion.train;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.MemoryShortageException;

/**
 * Says what would fit when the programs of a run do not. Activations are nearly all that a program takes, and grow with the
 * images that it computes at a time and with the channels of the network.
 */
final class MemoryAdvice {

    private MemoryAdvice() {}

    /**
     * Prepares a step.
     *
     * @throws IllegalStateException if there is not the memory for it, naming settings that fit
     */
    static TrainStep onShortage(
            TrainingConfig config, ModelConfig model, PatchSizes sizes, Supplier<TrainStep> prepare) {
        try {
            return prepare.get();
        } catch (MemoryShortageException e) {
            String needs = "training needs " + MemoryShortageException.gigabytes(e.needed()) + " of memory for "
                    + largest(config, sizes) + " images at a time, and "
                    + MemoryShortageException.gigabytes(e.available())
                    + " can be had";
            List<String> fitting = fitting(config, model, e.available() / (double) e.needed());
            throw new IllegalStateException(
                    needs + "; "
                            + (fitting.isEmpty()
                                    ? "even one image at a time is too much, so choose a smaller network"
                                    : "this would fit: " + String.join(", or ", fitting)),
                    e);
        }
    }

    private static long largest(TrainingConfig config, PatchSizes sizes) {
        long images = 0;
        for (PatchSize patch : sizes.sizes()) {
            images = Math.max(images, sizes.batch(config.batch(), patch));
        }
        return (images + config.parts() - 1) / config.parts();
    }

    /** @param share what can be had of what is needed, below 1 */
    static List<String> fitting(TrainingConfig config, ModelConfig model, double share) {
        List<String> fitting = new ArrayList<>();
        int part = config.batch() / config.parts();
        int smaller = (int) (part * share);
        while (smaller > 0 && config.batch() % smaller != 0) {
            smaller--;
        }
        if (smaller > 0) {
            fitting.add("--batch-gpu " + smaller + " (the same training in parts)");
        }
        if ((int) (config.batch() * share) > 0) {
            fitting.add("--batch " + (int) (config.batch() * share));
        }
        int channels = (int) (model.network().modelChannels() * share) / 8 * 8;
        if (channels > 0) {
            fitting.add("--cbase " + channels);
        }
        return fitting;
    }
}
