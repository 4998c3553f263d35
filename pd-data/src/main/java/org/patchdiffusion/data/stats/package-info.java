/**
 * Statistics of a data set, and what they advise for training: pixel moments, power spectrum, distances between images,
 * duplicates. All values are those that the network sees: [-1, 1] for pixels.
 */
package org.patchdiffusion.data.stats;
