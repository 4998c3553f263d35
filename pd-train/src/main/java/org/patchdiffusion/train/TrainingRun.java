package org.patchdiffusion.train;

import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.model.ModelConfig;

/**
 * What is trained on what, known before the first step.
 *
 * @param training all settings
 * @param model configuration of the model
 * @param parameters number of weights
 * @param patchSizes the patch sizes with their probabilities
 * @param dataName name of the data set
 * @param dataSize number of images in it
 * @param dataFingerprint fingerprint of its content
 * @param engine name of the engine that runs
 * @param startImages count of images that training goes on from; 0 for a fresh start
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
        long startImages) {}
