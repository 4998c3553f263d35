package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.DropoutDraws;
import org.patchdiffusion.model.engine.Profile;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;

/** One share of the batch, prepared: its own memory and steps, run by one thread. */
public final class Replica implements Resources.Freed {

    private record Bound(Step step, Runnable work) {}

    private final Schedule schedule;
    private final ReplicaMemory memory;
    private final List<Bound> steps = new ArrayList<>();
    private final Map<String, Buffer> sums;
    private Profile profile;

    /**
     * Binds the steps of a planned schedule to memory. Runs on the replica's own thread.
     *
     * @param arena what the schedule's places are counted from
     * @param outside places of the buffers outside the arena
     * @param sums this share's part of each sum over the batch, by name
     */
    public Replica(
            OneDnn oneDnn,
            Schedule schedule,
            Pointer arena,
            Map<Buffer, FloatPointer> outside,
            FlatMemory parameters,
            DropoutDraws draws,
            Map<String, Buffer> sums) {
        this.schedule = schedule;
        this.sums = sums;
        GradientMemory gradient = new GradientMemory(parameters.layout());
        this.memory = new ReplicaMemory(oneDnn, arena, outside, parameters, gradient, draws);
        try {
            for (Step step : schedule.steps()) {
                steps.add(new Bound(step, step.binder().bind(memory)));
            }
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    /** Which images of the batch a replica computes. */
    public record Share(int first, int count) {

        /** The share of one of some replicas. */
        public static Share of(long batch, int replica, int replicas) {
            int first = (int) (batch * replica / replicas);
            return new Share(first, (int) (batch * (replica + 1) / replicas) - first);
        }
    }

    /** How many segments a run has, forward or with the backward pass. */
    public int segments(boolean backward) {
        return backward ? schedule.segments() : schedule.forwardSegments();
    }

    /** Says where the parts of the parameters' gradient go. */
    void attach(INDArray gradientBuffer) {
        memory.gradient().attach(gradientBuffer);
    }

    /** Runs one segment. */
    void run(int segment) {
        int end = schedule.endStep(segment);
        for (int i = schedule.firstStep(segment); i < end; i++) {
            Bound bound = steps.get(i);
            long start = profile == null ? 0 : System.nanoTime();
            bound.work().run();
            if (profile != null) {
                profile.add(
                        bound.step().label(),
                        bound.step().kind().name(),
                        bound.step().flops(),
                        System.nanoTime() - start);
            }
        }
        memory.stream()._wait();
    }

    /** This replica's part of a sum over the batch, after a run. */
    float sum(String name) {
        return memory.floats(sums.get(name)).get(0);
    }

    stream stream() {
        return memory.stream();
    }

    void profile(Profile target) {
        profile = target;
    }

    @Override
    public void close() {
        memory.close();
    }
}
