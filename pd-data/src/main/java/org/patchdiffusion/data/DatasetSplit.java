package org.patchdiffusion.data;

/**
 * Two parts of a data set that share no image.
 *
 * @param training the larger part, as a rule
 * @param heldOut images kept from training
 */
public record DatasetSplit(ImageDataset training, ImageDataset heldOut) {}
