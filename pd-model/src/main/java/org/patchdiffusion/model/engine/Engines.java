package org.patchdiffusion.model.engine;

import java.util.List;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;

/** The engines by name. */
public final class Engines {
    private Engines() {}

    /** The names that {@link #byName} takes. */
    public static List<String> names() {
        return List.of("samediff", "generic", "exact", "fast");
    }

    /**
     * A new engine.
     *
     * @param name {@code samediff} (SameDiff itself, the slow reference), {@code generic} (a plan of ND4J ops), or one of
     *     the compiled forms: {@code exact} (direct convolution) or {@code fast} (Winograd convolution)
     * @throws IllegalArgumentException if there is no engine of that name
     */
    public static Engine byName(String name) {
        return switch (name) {
            case "samediff" -> new SameDiffEngine();
            case "generic" -> new GenericEngine();
            case "exact" -> new CompiledEngine(Accuracy.EXACT);
            case "fast" -> new CompiledEngine(Accuracy.FAST);
            default -> throw new IllegalArgumentException(
                    "there is no engine named " + name + "; choose one of " + String.join(", ", names()));
        };
    }

    /** The fastest engine for this machine. */
    public static Engine best() {
        return CompiledEngine.isAvailable() ? new CompiledEngine(Accuracy.FAST) : new GenericEngine();
    }
}
