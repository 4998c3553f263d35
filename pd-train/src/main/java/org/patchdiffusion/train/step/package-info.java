/** One step: the batch, its gradient (a {@link org.patchdiffusion.train.step.GradientSource}), and Adam with the moving average. */
package org.patchdiffusion.train.step;
