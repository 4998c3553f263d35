package org.patchdiffusion.model.engine.compiled;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Workers;

/** Measures how fast this machine multiplies matrices, the yardstick for what a step reaches. */
public final class PeakMeter {
    private static final int SIZE = 1024;
    private static final int REPEATS = 12;

    private PeakMeter() {}

    /**
     * Best speed of square matrix products of size 1024, one at a time on each thread.
     *
     * @param threads how many threads multiply at the same time
     * @return floating-point operations per nanosecond (GFLOP/s) of one thread
     * @throws IllegalStateException if oneDNN does not run here
     */
    public static double gflopsPerThread(int threads) {
        OneDnn oneDnn = OneDnn.find().orElseThrow(() -> new IllegalStateException("oneDNN does not run here"));
        List<Callable<Double>> tasks = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            tasks.add(() -> measure(oneDnn));
        }
        try (Workers workers = new Workers(threads)) {
            return workers.run(1, tasks).stream()
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElseThrow();
        }
    }

    private static double measure(OneDnn oneDnn) {
        memory.desc desc = OneDnn.rowMajor(SIZE, SIZE);
        try (memory a = new memory(desc, oneDnn.engine());
                memory b = new memory(desc, oneDnn.engine());
                memory c = new memory(desc, oneDnn.engine());
                stream stream = new stream(oneDnn.engine());
                matmul product =
                        new matmul(new matmul.primitive_desc(new matmul.desc(desc, desc, desc), oneDnn.engine()));
                IntMemoryMap arguments = new IntMemoryMap()) {
            arguments.put(DNNL_ARG_SRC, a).put(DNNL_ARG_WEIGHTS, b).put(DNNL_ARG_DST, c);
            long best = Long.MAX_VALUE;
            for (int i = 0; i < REPEATS; i++) {
                long start = System.nanoTime();
                product.execute(stream, arguments);
                stream._wait();
                best = Math.min(best, System.nanoTime() - start);
            }
            return 2.0 * SIZE * SIZE * SIZE / best;
        }
    }
}
