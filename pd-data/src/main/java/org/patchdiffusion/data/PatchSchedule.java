package org.patchdiffusion.data;

/** Which patch size each training step uses; all images of a step, on all workers, share it. */
@FunctionalInterface
public interface PatchSchedule {

    /** The patch size of a step, 0 or more: a pure function. */
    PatchSize at(long step);
}
