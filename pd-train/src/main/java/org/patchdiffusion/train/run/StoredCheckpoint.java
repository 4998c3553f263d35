package org.patchdiffusion.train.run;

import java.nio.file.Path;
import org.patchdiffusion.train.checkpoint.Checkpoint;

/**
 * A checkpoint that was read.
 *
 * @param folder where it lies
 * @param checkpoint what it holds
 */
public record StoredCheckpoint(Path folder, Checkpoint checkpoint) {}
