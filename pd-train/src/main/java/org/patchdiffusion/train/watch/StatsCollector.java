package org.patchdiffusion.train.watch;

import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.patchdiffusion.train.Phase;
import org.patchdiffusion.train.StopReason;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingTick;
import org.patchdiffusion.train.step.StepResult;

/**
 * Gathers the statistics of each tick, under the names of EDM's {@code training_stats} where that has them, and hands them to
 * whoever writes or shows them. Sources that listen to the run themselves must be added to the trainer before this.
 */
public final class StatsCollector implements TrainingListener {
    private static final double MIB_PER_GIB = 1024;

    private final List<StatsSource> sources;
    private final List<StatsSink> sinks;
    private final InstantSource clock;
    private final Map<Integer, RunningStat> lossByPatch = new TreeMap<>();
    private RunningStat loss;
    private Map<String, Stat> progress = Map.of();
    private long images;

    private StatsCollector(Builder builder, InstantSource clock) {
        sources = List.copyOf(builder.sources);
        sinks = List.copyOf(builder.sinks);
        this.clock = clock;
    }

    /** Starts without sources and sinks. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void stepDone(StepResult step) {
        images = step.images();
        if (Double.isFinite(step.lossPerElement())) {
            loss = loss == null ? new RunningStat() : loss;
            loss.add(step.lossPerElement());
            lossByPatch
                    .computeIfAbsent(step.patch().height(), height -> new RunningStat())
                    .add(step.lossPerElement());
        }
    }

    @Override
    public void tick(TrainingTick tick) throws IOException {
        progress = progress(tick);
        Map<String, Stat> values = new LinkedHashMap<>(progress);
        if (loss != null) {
            values.put("Loss/loss", loss.get());
        }
        lossByPatch.forEach((height, stat) -> values.put("Loss/patch/" + height, stat.get()));
        loss = null;
        lossByPatch.clear();
        values.put("Loss/non_finite_steps", Stat.of(tick.nonFiniteSteps()));
        values.put("Loss/learning_rate", Stat.of(tick.learningRate()));
        values.put("Timing/total_sec", Stat.of(tick.elapsedSec()));
        double wholeSec =
                tick.split().values().stream().mapToDouble(Double::doubleValue).sum();
        values.put("Timing/sec_per_tick", Stat.of(tick.trainingSec()));
        values.put("Timing/maintenance_sec", Stat.of(wholeSec - tick.trainingSec()));
        values.put("Timing/sec_per_kimg", Stat.of(tick.secPerKimg()));
        values.put("Speed/images_per_sec", Stat.of(tick.imagesPerSec()));
        tick.imagesPerSecByPatch()
                .forEach((height, speed) -> values.put("Speed/images_per_sec/" + height, Stat.of(speed)));
        tick.split().forEach((phase, seconds) -> values.put(splitName(phase), Stat.of(seconds)));
        values.put("Resources/cpu_mem_gb", Stat.of(tick.residentMb() / MIB_PER_GIB));
        values.put("Resources/heap_gb", Stat.of(tick.heapMb() / MIB_PER_GIB));
        values.putAll(measured());
        send(values);
    }

    private static String splitName(Phase phase) {
        return "Split/" + phase.name().toLowerCase(Locale.ROOT) + "_sec";
    }

    private static Map<String, Stat> progress(TrainingTick tick) {
        Map<String, Stat> values = new LinkedHashMap<>();
        values.put("Progress/tick", Stat.of(tick.tick()));
        values.put("Progress/kimg", Stat.of(tick.kimg()));
        return values;
    }

    /** What was measured after the last tick comes in a line of its own, under the number of that tick. */
    @Override
    public void finished(StopReason reason) throws IOException {
        Map<String, Stat> late = measured();
        if (!late.isEmpty()) {
            Map<String, Stat> values = new LinkedHashMap<>(progress);
            values.putAll(late);
            send(values);
        }
    }

    private Map<String, Stat> measured() {
        Map<String, Stat> values = new LinkedHashMap<>();
        sources.forEach(source -> values.putAll(source.take()));
        return values;
    }

    private void send(Map<String, Stat> values) throws IOException {
        Instant now = clock.instant();
        TickStats stats = new TickStats(now, images, values);
        for (StatsSink sink : sinks) {
            sink.write(stats);
        }
    }

    /** Collects where statistics come from and go to. */
    public static final class Builder {
        private final List<StatsSource> sources = new ArrayList<>();
        private final List<StatsSink> sinks = new ArrayList<>();

        private Builder() {}

        /** Asks this for what it measured at each tick, after those added before. */
        public Builder from(StatsSource source) {
            sources.add(source);
            return this;
        }

        /** Hands the statistics of each tick to this, after those added before. */
        public Builder to(StatsSink sink) {
            sinks.add(sink);
            return this;
        }

        /** The collector. */
        public StatsCollector build() {
            return build(InstantSource.system());
        }

        StatsCollector build(InstantSource clock) {
            return new StatsCollector(this, clock);
        }
    }
}
