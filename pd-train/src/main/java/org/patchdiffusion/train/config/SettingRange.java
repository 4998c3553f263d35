package org.patchdiffusion.train.config;

/** Says which setting is out of its range, and what was expected. */
final class SettingRange {
    private SettingRange() {}

    /** @throws IllegalArgumentException if it does not hold */
    static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("the " + name + " is " + value + ", expected " + expected);
        }
    }

    static void requirePositive(double value, String name, String expected) {
        require(value > 0 && Double.isFinite(value), name, value, expected);
    }

    static void requireAtLeastZero(double value, String name, String expected) {
        require(value >= 0 && Double.isFinite(value), name, value, expected);
    }

    static void requireShare(double value, String name) {
        require(value >= 0 && value <= 1, name, value, "a number from 0 to 1");
    }
}
