package org.patchdiffusion.train.step;

/**
 * The loss of a batch.
 *
 * @param mean weighted squared error, summed over an image's pixels and channels, averaged over the images
 * @param perImage the same for each image; empty if whoever computed it does not tell
 */
public record BatchLoss(double mean, double[] perImage) {}
