/**
 * Watching a run: the numbers of each tick in {@code stats.jsonl}, {@code log.txt} and TensorBoard's event files, the line on
 * the terminal, the loss of held-out images, and whether samples are copies. The trainer does not know of it: each of these
 * is a {@link org.patchdiffusion.train.TrainingListener}, or hears through one.
 */
package org.patchdiffusion.train.watch;
