package org.patchdiffusion.train.config;

/**
 * Adam (Kingma and Ba 2015, Algorithm 1) and its learning rate.
 *
 * @param learningRate step size after the ramp-up; positive
 * @param lrRampupKimg over how many thousand images the learning rate rises from 0; 0 for no ramp-up
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the denominator; positive
 * @param nonFiniteLimit after how many steps in a row without a finite loss training gives up; at least 1
 */
public record OptimizerSettings(
        double learningRate, double lrRampupKimg, double beta1, double beta2, double epsilon, int nonFiniteLimit) {

    /** @throws IllegalArgumentException naming the setting that is out of range */
    public OptimizerSettings {
        SettingRange.requirePositive(learningRate, "learning rate", "a positive number");
        SettingRange.requireAtLeastZero(lrRampupKimg, "learning rate ramp-up", "0 or more kimg");
        SettingRange.require(beta1 >= 0 && beta1 < 1, "Adam beta1", beta1, "a number from 0 to below 1");
        SettingRange.require(beta2 >= 0 && beta2 < 1, "Adam beta2", beta2, "a number from 0 to below 1");
        SettingRange.requirePositive(epsilon, "Adam epsilon", "a positive number");
        SettingRange.require(nonFiniteLimit >= 1, "limit of steps without a finite loss", nonFiniteLimit, "at least 1");
    }
}
