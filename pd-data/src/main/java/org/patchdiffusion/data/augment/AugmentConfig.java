package org.patchdiffusion.data.augment;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * How often each transform acts.
 *
 * @param probability base probability p, in [0, 1]
 * @param multipliers a transform acts with probability min(1, multiplier · p); those without an entry, or with 0, are not
 *     part of the pipeline and have no labels
 */
public record AugmentConfig(double probability, Map<Augmentation, Double> multipliers) {

    /** Large enough for mirroring to act in every image once p is not 0. */
    private static final double ALWAYS = 1e8;

    /** @throws IllegalArgumentException if the probability or a multiplier is out of range */
    public AugmentConfig {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException(
                    "the augmentation probability is " + probability + ", expected a number from 0 to 1");
        }
        Map<Augmentation, Double> used = new EnumMap<>(Augmentation.class);
        multipliers.forEach((augmentation, multiplier) -> {
            if (!(multiplier >= 0 && Double.isFinite(multiplier))) {
                throw new IllegalArgumentException(
                        "the multiplier of " + augmentation + " is " + multiplier + ", expected 0 or more");
            }
            if (multiplier > 0) {
                used.put(augmentation, multiplier);
            }
        });
        multipliers = Collections.unmodifiableMap(used);
    }

    /**
     * The settings of training (Karras et al. 2022, appendix F.2): flips, scaling, rotation, stretch and shift, 9 labels.
     *
     * @param probability p; 0.12 for CIFAR-10, 0.15 for FFHQ and AFHQ in the paper
     */
    public static AugmentConfig training(double probability) {
        return new AugmentConfig(
                probability,
                Map.of(
                        Augmentation.XFLIP, ALWAYS,
                        Augmentation.YFLIP, 1.0,
                        Augmentation.SCALE, 1.0,
                        Augmentation.ROTATE_FRAC, 1.0,
                        Augmentation.ANISO, 1.0,
                        Augmentation.TRANSLATE_FRAC, 1.0));
    }

    /** Length of an image's label vector. */
    public int labelDim() {
        return multipliers.keySet().stream().mapToInt(Augmentation::labelWidth).sum();
    }
}
