package org.patchdiffusion.train;

import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.train.checkpoint.TrainingProgress;
import org.patchdiffusion.train.config.TrainingConfig;

/**
 * What is trained on what, known before the first step.
 *
 * @param training all settings, with the engine and the number of threads that run
 * @param model configuration of the model
 * @param parameters number of weights
 * @param patchSizes the patch sizes with their probabilities
 * @param dataName name of the data set
 * @param dataSize number of images in it
 * @param dataFingerprint fingerprint of its content
 * @param engine name of the engine that runs
 * @param start how far training was when this run began; all zero for a fresh start
 * @param stopping tells who works long between two steps that training is to be stopped
 */
public record TrainingRun(
        TrainingConfig training,
        ModelConfig model,
        long parameters,
        PatchDistribution patchSizes,
        String dataName,
        int dataSize,
        String dataFingerprint,
        String engine,
        TrainingProgress start,
        StopSignal stopping) {

    /** Count of images that training goes on from; 0 for a fresh start. */
    public long startImages() {
        return start.images();
    }
}
