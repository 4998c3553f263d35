package org.patchdiffusion.train.config;

/**
 * The exponential moving average of the weights.
 *
 * @param halflifeKimg half-life in thousands of images; 0 for no averaging
 * @param rampupRatio limits the half-life to this share of the images counted so far; 0 for no limit
 */
public record EmaSettings(double halflifeKimg, double rampupRatio) {

    /** @throws IllegalArgumentException naming the setting that is out of range */
    public EmaSettings {
        SettingRange.requireAtLeastZero(halflifeKimg, "EMA half-life", "0 or more kimg");
        SettingRange.requireAtLeastZero(rampupRatio, "EMA ramp-up ratio", "0 or more");
    }
}
