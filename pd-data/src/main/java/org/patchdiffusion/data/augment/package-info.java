/**
 * Non-leaking augmentation of training images (Karras et al. 2022, arXiv 2206.00364, appendix F.2; Karras et al. 2020,
 * arXiv 2006.06676, appendix B): random transforms whose parameters the network is told, so that it learns from the changed
 * images without drawing such images itself.
 */
package org.patchdiffusion.data.augment;
