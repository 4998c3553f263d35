package org.patchdiffusion.train.step;

import java.util.List;
import org.patchdiffusion.data.PatchSize;

/**
 * One step that was taken.
 *
 * @param step number of the step, from 0
 * @param images image counter after it
 * @param patch size of the patches
 * @param imagesShown patches in the batch
 * @param loss weighted squared error, summed over an image's pixels and channels, averaged over the images; not finite if the step
 *     went wrong
 * @param lossPerElement the loss divided by the number of pixels and channels: comparable between patch sizes
 * @param learningRate learning rate of the step
 * @param perImage the loss of each image with its noise level; empty if it is not known
 * @param nonFiniteGradients how many elements of the gradient were not finite and counted with 0 or ±1e5
 */
public record StepResult(
        long step,
        long images,
        PatchSize patch,
        int imagesShown,
        double loss,
        double lossPerElement,
        double learningRate,
        List<ImageLoss> perImage,
        long nonFiniteGradients) {}
