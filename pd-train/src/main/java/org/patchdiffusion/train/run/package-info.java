/** The folder of a run: name, lock, log, options, models, checkpoints and which of them stay. {@link
 * org.patchdiffusion.train.run.RunDirectory} is the listener that writes it. */
package org.patchdiffusion.train.run;
