package org.patchdiffusion.train;

import java.nio.file.Path;

/**
 * A checkpoint that was read.
 *
 * @param folder where it lies
 * @param checkpoint what it holds
 */
public record StoredCheckpoint(Path folder, Checkpoint checkpoint) {}
