package org.patchdiffusion.train.config;

/**
 * How often a run says and keeps something, in thousands of images. They do not change what is learned.
 *
 * <p>Checkpoints are also kept by the clock, so that a slow run that is killed has something to go on from.
 *
 * @param tickKimg interval of the statistics; positive
 * @param snapshotKimg interval of model files and samples; 0 for one at the end only
 * @param checkpointKimg interval of checkpoints; 0 for none by the count of images
 * @param checkpointMinutes after how many minutes without a checkpoint one is kept; 0 for none by the clock
 */
public record IntervalSettings(double tickKimg, double snapshotKimg, double checkpointKimg, double checkpointMinutes) {

    /** @throws IllegalArgumentException naming the setting that is out of range */
    public IntervalSettings {
        SettingRange.requirePositive(tickKimg, "tick interval", "a positive number of kimg");
        SettingRange.requireAtLeastZero(snapshotKimg, "snapshot interval", "0 or more kimg");
        SettingRange.requireAtLeastZero(checkpointKimg, "checkpoint interval", "0 or more kimg");
        SettingRange.requireAtLeastZero(checkpointMinutes, "time between checkpoints", "0 or more minutes");
    }
}
