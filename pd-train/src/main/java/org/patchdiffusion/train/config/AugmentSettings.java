package org.patchdiffusion.train.config;

import java.util.Optional;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.data.augment.AugmentPlace;

/**
 * How images are changed before they are shown.
 *
 * @param xflip whether images are mirrored at random
 * @param probability base probability of the augmentations, in [0, 1]; 0 for none
 * @param at whether patches or whole images are augmented
 */
public record AugmentSettings(boolean xflip, double probability, AugmentPlace at) {

    /** @throws IllegalArgumentException naming the setting that is out of range */
    public AugmentSettings {
        SettingRange.requireShare(probability, "augmentation probability");
        SettingRange.require(at != null, "place of augmentation", at, "PATCH or IMAGE");
    }

    /** The augmentation pipeline; empty if the probability is 0. */
    public Optional<AugmentConfig> pipeline() {
        return probability == 0 ? Optional.empty() : Optional.of(AugmentConfig.training(probability));
    }
}
