package org.patchdiffusion.train.config;

/**
 * How the denoising loss of held-out images is measured. It does not change what is learned.
 *
 * @param everyTicks interval in ticks; 0 for never
 * @param heldOut at most how many of the held-out images are measured, the first ones; at least 1
 */
public record ValidationSettings(int everyTicks, int heldOut) {

    /** @throws IllegalArgumentException naming the setting that is out of range */
    public ValidationSettings {
        SettingRange.require(everyTicks >= 0, "validation interval", everyTicks, "0 or more ticks");
        SettingRange.require(heldOut >= 1, "number of validation images", heldOut, "at least 1");
    }
}
