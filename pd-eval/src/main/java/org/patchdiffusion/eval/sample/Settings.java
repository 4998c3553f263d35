package org.patchdiffusion.eval.sample;

/** Refuses settings of samplers that are out of range. */
final class Settings {

    private Settings() {}

    static void require(boolean valid, String name, Object value, String expected) {
        if (!valid) {
            throw new IllegalArgumentException("sampler option " + name + " is " + value + ", expected " + expected);
        }
    }
}
