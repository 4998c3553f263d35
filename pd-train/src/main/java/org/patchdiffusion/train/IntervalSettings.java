package org.patchdiffusion.train;

/**
 * How often a run says and keeps something, in thousands of images. They do not change what is learned.
 *
 * @param tickKimg interval of the statistics; positive
 * @param snapshotKimg interval of model files and samples; 0 for one at the end only
 * @param checkpointKimg interval of checkpoints; 0 for one at the end only
 */
public record IntervalSettings(double tickKimg, double snapshotKimg, double checkpointKimg) {

    /** @throws IllegalArgumentException naming the setting that is out of range */
    public IntervalSettings {
        SettingRange.requirePositive(tickKimg, "tick interval", "a positive number of kimg");
        SettingRange.requireAtLeastZero(snapshotKimg, "snapshot interval", "0 or more kimg");
        SettingRange.requireAtLeastZero(checkpointKimg, "checkpoint interval", "0 or more kimg");
    }
}
