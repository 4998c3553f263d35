package org.patchdiffusion.train.watch;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The numbers of one tick: a line of {@code stats.jsonl}.
 *
 * @param time when they were taken
 * @param images image counter at that time
 * @param values each statistic by its name, such as {@code Loss/loss}, in the order of the file; only finite ones
 */
public record TickStats(Instant time, long images, Map<String, Stat> values) {

    /** What is not a finite number is left out: a tick of nothing but infinite losses has no loss. */
    public TickStats {
        Map<String, Stat> finite = new LinkedHashMap<>();
        values.forEach((name, stat) -> {
            if (stat.isFinite()) {
                finite.put(name, stat);
            }
        });
        values = Collections.unmodifiableMap(finite);
    }

    /** The mean of a statistic, if the tick has it. */
    public Optional<Double> mean(String name) {
        return Optional.ofNullable(values.get(name)).map(Stat::mean);
    }
}
