package org.patchdiffusion.train.config;

/**
 * What computes the steps. Another engine or number of threads gives other roundings, so a checkpoint records those that
 * ran.
 *
 * @param engine name of the execution engine, or {@link TrainingConfig#BEST_ENGINE} for the fastest that works here
 * @param threads threads of the engine and of the optimizer; 0 for one a core
 */
public record ExecutionSettings(String engine, int threads) {

    /** @throws IllegalArgumentException naming the setting that is out of range */
    public ExecutionSettings {
        SettingRange.require(engine != null && !engine.isBlank(), "engine", engine, "the name of an engine, or best");
        SettingRange.require(threads >= 0, "number of threads", threads, "at least 1, or 0 for one a core");
    }
}
