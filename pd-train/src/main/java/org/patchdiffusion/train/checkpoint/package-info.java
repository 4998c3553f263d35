/** What training changes, the {@link org.patchdiffusion.train.checkpoint.TrainingState}, and its form on disk, the {@link
 * org.patchdiffusion.train.checkpoint.Checkpoint}. */
package org.patchdiffusion.train.checkpoint;
