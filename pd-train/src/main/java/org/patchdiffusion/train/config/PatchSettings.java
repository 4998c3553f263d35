package org.patchdiffusion.train.config;

import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.PixelType;

/**
 * Which patch sizes steps are taken on (Wang et al. 2023, arXiv 2304.12526, section 3.3).
 *
 * @param realP probability of a step on whole images, in [0, 1]; the rest is shared among the smaller patches; without
 *     effect if there are {@code sizes}
 * @param sizes the patch sizes; null for the paper's with {@code realP}: see {@link #distribution}
 * @param progressive whether the patch sizes are walked through from small to large instead of being drawn
 * @param progressiveKimg over how many thousand images they are walked through; in {@link TrainingConfig} 0 becomes the
 *     duration, so that a run that goes on with another duration keeps the sizes that it has walked through
 */
public record PatchSettings(double realP, PatchDistribution sizes, boolean progressive, double progressiveKimg) {

    /** @throws IllegalArgumentException naming the setting that is out of range */
    public PatchSettings {
        SettingRange.requireShare(realP, "probability of whole images (real-p)");
        SettingRange.requireAtLeastZero(progressiveKimg, "length of the progressive sizes", "0 or more kimg");
    }

    /** The patch sizes: those given, or the paper's for pixels or for latents. */
    public PatchDistribution distribution(PixelType pixels) {
        if (sizes != null) {
            return sizes;
        }
        return pixels == PixelType.FLOAT32 ? PatchDistribution.ofLatents(realP) : PatchDistribution.ofPixels(realP);
    }

    /** These, with the duration as the length of the progressive sizes if there is none yet. */
    PatchSettings over(double durationKimg) {
        return progressiveKimg == 0 ? new PatchSettings(realP, sizes, progressive, durationKimg) : this;
    }
}
