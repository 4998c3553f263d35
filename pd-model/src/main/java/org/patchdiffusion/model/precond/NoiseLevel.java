package org.patchdiffusion.model.precond;

/**
 * The noise level of one training image.
 *
 * @param sigma standard deviation of the noise, positive
 * @param weight factor of the squared error in the loss
 */
public record NoiseLevel(double sigma, double weight) {}
