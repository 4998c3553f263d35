/**
 * How a network becomes a denoiser: preconditioning, training noise levels and loss weights (Karras et al. 2022,
 * arXiv 2206.00364).
 */
package org.patchdiffusion.model.precond;
