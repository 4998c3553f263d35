/** Samplers, noise schedules, guidance and canvases: from noise to images. */
package org.patchdiffusion.eval.sample;
