package org.patchdiffusion.model.engine;

import java.util.List;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;

/** The engines by name. */
public final class Engines {
    private static final int ALL_CORES = 0;

    private Engines() {}

    /** The names that {@link #byName} takes. */
    public static List<String> names() {
        return List.of("samediff", "generic", "exact", "fast", "bf16");
    }

    /**
     * A new engine.
     *
     * @param name {@code samediff} (SameDiff itself, the slow reference), {@code generic} (a plan of ND4J ops), or one of
     *     the compiled forms: {@code exact} (direct convolution), {@code fast} (Winograd convolution) or {@code bf16}
     *     (bfloat16, see {@link Accuracy#BFLOAT16})
     * @throws IllegalArgumentException if there is no engine of that name
     * @throws IllegalStateException if it is {@code bf16} and the processor has no AMX
     */
    public static Engine byName(String name) {
        return byName(name, ALL_CORES);
    }

    /**
     * A new engine on a number of threads.
     *
     * @param name as for {@link #byName(String)}
     * @param threads at least 1, or 0 for one a core; {@code samediff} and {@code generic} set the threads of all ND4J
     *     operations of the process
     * @throws IllegalArgumentException if there is no engine of that name, or the number is negative
     * @throws IllegalStateException if it is {@code bf16} and the processor has no AMX
     */
    public static Engine byName(String name, int threads) {
        requireCount(threads);
        return switch (name) {
            case "samediff" -> onNativeThreads(new SameDiffEngine(), threads);
            case "generic" -> onNativeThreads(new GenericEngine(), threads);
            case "exact" -> compiled(Accuracy.EXACT, threads);
            case "fast" -> compiled(Accuracy.FAST, threads);
            case "bf16" -> compiled(Accuracy.BFLOAT16, threads);
            default -> throw new IllegalArgumentException(
                    "there is no engine named " + name + "; choose one of " + String.join(", ", names()));
        };
    }

    /** The fastest float32 engine for this machine. */
    public static Engine best() {
        return best(ALL_CORES);
    }

    /** The fastest engine for this machine on a number of threads: see {@link #byName(String, int)}. */
    public static Engine best(int threads) {
        return byName(CompiledEngine.isAvailable() ? "fast" : "generic", threads);
    }

    private static void requireCount(int threads) {
        if (threads < 0) {
            throw new IllegalArgumentException(
                    "an engine on " + threads + " threads, expected at least 1, or 0 for one a core");
        }
    }

    private static Engine compiled(Accuracy accuracy, int threads) {
        return threads == ALL_CORES ? new CompiledEngine(accuracy) : new CompiledEngine(accuracy, threads);
    }

    private static Engine onNativeThreads(Engine engine, int threads) {
        if (threads != ALL_CORES) {
            NativeThreads.use(threads);
        }
        return engine;
    }
}
