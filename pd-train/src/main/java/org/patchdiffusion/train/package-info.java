/**
 * The training loop: configuration, schedules, the fused optimizer with its moving average, checkpoints and run
 * directories. {@link org.patchdiffusion.train.Trainer} tells the story.
 */
package org.patchdiffusion.train;
