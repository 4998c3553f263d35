package org.patchdiffusion.train.step;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.concurrent.Failure;
import org.patchdiffusion.train.concurrent.Uninterruptible;

/**
 * Adam (Kingma and Ba 2015, Algorithm 1) and the exponential moving average of the weights, in one pass over flat
 * memory, the half of a step that follows the gradient: adds up the parts of the gradient, replaces what is not finite in the sum (NaN by 0, ±infinity by ±1e5; finite values
 * are left alone), updates both moments, the parameters and their average.
 *
 * <p>Every element depends on itself alone, so the result is the same, bit for bit, whatever the number of threads.
 */
public final class AdamEma implements AutoCloseable {

    /** Floats copied into local arrays at a time: they stay in the first-level cache. */
    private static final int TILE = 1024;
    /** Tiles that a thread takes at a time. */
    private static final int BLOCK = 64 * TILE;

    /** Stands in for an infinite gradient. */
    private static final float INFINITE_GRADIENT = 1e5f;

    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final int threads;
    private final ExecutorService workers;

    /**
     * Starts the threads.
     *
     * @param beta1 decay of the first moment, in [0, 1)
     * @param beta2 decay of the second moment, in [0, 1)
     * @param epsilon added to the denominator, positive
     * @param threads how many threads share the work, at least 1
     */
    public AdamEma(double beta1, double beta2, double epsilon, int threads) {
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.epsilon = epsilon;
        this.threads = threads;
        this.workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "optimizer");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Applies a gradient. It is Adam's step number {@code state.steps() + 1}; the counters of the state do not move.
     *
     * @param state parameters, average and moments, changed in place
     * @param gradients the parts of the gradient; not changed
     * @param learningRate step size, at least 0
     * @param emaBeta weight of the old average in the new one, in [0, 1]
     * @return how many elements of the gradient were not finite
     * @throws IllegalArgumentException if the gradient is of another layout
     */
    public long apply(TrainingState state, Gradients gradients, double learningRate, double emaBeta) {
        long length = state.parameters().layout().length();
        if (gradients.layout().length() != length) {
            throw new IllegalArgumentException("the gradient has "
                    + gradients.layout().length() + " elements, but the model has " + length + " parameters");
        }
        Pass pass = new Pass(state, gradients.parts(), coefficients(state.steps() + 1, learningRate, emaBeta));
        AtomicLong next = new AtomicLong();
        LongAdder replaced = new LongAdder();
        Callable<Void> worker = () -> {
            Tile tile = new Tile();
            for (long start = next.getAndAdd(BLOCK); start < length; start = next.getAndAdd(BLOCK)) {
                for (long at = start; at < Math.min(start + BLOCK, length); at += TILE) {
                    replaced.add(pass.update(tile, at, (int) Math.min(TILE, length - at)));
                }
            }
            return null;
        };
        state.beginUpdate();
        runEverywhere(worker);
        pass.written();
        state.endUpdate();
        return replaced.sum();
    }

    /** Ends the threads; between steps they do nothing. */
    @Override
    public void close() {
        workers.shutdown();
    }

    private Coefficients coefficients(long step, double learningRate, double emaBeta) {
        return new Coefficients(
                (float) beta1,
                (float) (1 - beta1),
                (float) beta2,
                (float) (1 - beta2),
                (float) (learningRate / (1 - Math.pow(beta1, step))),
                (float) (1 / Math.sqrt(1 - Math.pow(beta2, step))),
                (float) epsilon,
                (float) emaBeta);
    }

    private void runEverywhere(Callable<Void> worker) {
        List<Future<Void>> running =
                Stream.generate(() -> workers.submit(worker)).limit(threads).toList();
        // Half a step would leave a state that is neither the old nor the new one, so an interrupt has to wait.
        Failure failure = new Failure();
        for (Future<Void> task : running) {
            try {
                Uninterruptible.get(task);
            } catch (RuntimeException | Error e) {
                // The others still read and write the caller's arrays.
                failure.add(e);
            }
        }
        failure.rethrowUnchecked();
    }

    /** What is the same for every element of a step. */
    private record Coefficients(
            float beta1,
            float rest1,
            float beta2,
            float rest2,
            float stepSize,
            float inverseRootOfCorrection2,
            float epsilon,
            float emaBeta) {}

    /** Local copies of one stretch of every array. */
    private static final class Tile {
        final float[] gradient = new float[TILE];
        final float[] part = new float[TILE];
        final float[] first = new float[TILE];
        final float[] second = new float[TILE];
        final float[] parameter = new float[TILE];
        final float[] ema = new float[TILE];
    }

    /** One step over the memory of all arrays. */
    private static final class Pass {
        private final FloatMemory parameters;
        private final FloatMemory ema;
        private final FloatMemory first;
        private final FloatMemory second;
        private final FloatMemory[] parts;
        private final Coefficients c;

        Pass(TrainingState state, List<INDArray> parts, Coefficients c) {
            this.parameters = FloatMemory.of(state.parameters().flat());
            this.ema = FloatMemory.of(state.ema().flat());
            this.first = FloatMemory.of(state.firstMoment().flat());
            this.second = FloatMemory.of(state.secondMoment().flat());
            this.parts = parts.stream().map(FloatMemory::of).toArray(FloatMemory[]::new);
            this.c = c;
        }

        /** Updates a tile, and says how many elements of the gradient were not finite. */
        int update(Tile t, long at, int n) {
            parts[0].get(at, t.gradient, n);
            for (int p = 1; p < parts.length; p++) {
                parts[p].get(at, t.part, n);
                add(t.gradient, t.part, n);
            }
            int replaced = allFinite(t.gradient, n) ? 0 : cleanUp(t.gradient, n);
            first.get(at, t.first, n);
            second.get(at, t.second, n);
            parameters.get(at, t.parameter, n);
            ema.get(at, t.ema, n);
            moments(t.gradient, t.first, t.second, n, c.beta1, c.rest1, c.beta2, c.rest2);
            descend(t.parameter, t.first, t.second, n, c.stepSize, c.inverseRootOfCorrection2, c.epsilon);
            average(t.ema, t.parameter, n, c.emaBeta);
            first.put(at, t.first, n);
            second.put(at, t.second, n);
            parameters.put(at, t.parameter, n);
            ema.put(at, t.ema, n);
            return replaced;
        }

        void written() {
            for (FloatMemory memory : List.of(parameters, ema, first, second)) {
                memory.written();
            }
        }
    }

    // The loops below are small and index all arrays by the same bare i: that is what the compiler turns into vector
    // instructions. Merged into one loop they run several times slower.

    private static void add(float[] sum, float[] part, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += part[i];
        }
    }

    private static boolean allFinite(float[] x, int n) {
        for (int i = 0; i < n; i++) {
            if (!(x[i] - x[i] == 0f)) {
                return false;
            }
        }
        return true;
    }

    private static int cleanUp(float[] gradient, int n) {
        int replaced = 0;
        for (int i = 0; i < n; i++) {
            if (Float.isNaN(gradient[i])) {
                gradient[i] = 0f;
                replaced++;
            } else if (Float.isInfinite(gradient[i])) {
                gradient[i] = Math.copySign(INFINITE_GRADIENT, gradient[i]);
                replaced++;
            }
        }
        return replaced;
    }

    private static void moments(
            float[] gradient, float[] first, float[] second, int n, float b1, float r1, float b2, float r2) {
        for (int i = 0; i < n; i++) {
            float g = gradient[i];
            first[i] = first[i] * b1 + g * r1;
            second[i] = second[i] * b2 + g * g * r2;
        }
    }

    private static void descend(
            float[] parameter, float[] first, float[] second, int n, float stepSize, float inverseRoot, float eps) {
        for (int i = 0; i < n; i++) {
            parameter[i] -= stepSize * (first[i] / ((float) Math.sqrt(second[i]) * inverseRoot + eps));
        }
    }

    private static void average(float[] ema, float[] parameter, int n, float beta) {
        for (int i = 0; i < n; i++) {
            ema[i] = parameter[i] + beta * (ema[i] - parameter[i]);
        }
    }
}
