package org.patchdiffusion.train.step;

/**
 * The loss of one image of a step.
 *
 * @param sigma its noise level
 * @param lossPerElement its loss divided by the number of pixels and channels
 */
public record ImageLoss(double sigma, double lossPerElement) {}
