package org.patchdiffusion.examples.verify;

import java.util.List;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;

/**
 * The engines that run the reference cases.
 *
 * @param all each runs every network
 * @param main runs the longer computations: sampling and training
 */
public record VerificationEngines(List<Engine> all, Engine main) implements AutoCloseable {

    public VerificationEngines {
        all = List.copyOf(all);
    }

    /** Every engine; the exact compiled form runs the longer computations. */
    public static VerificationEngines standard() {
        return of(List.of("exact", "fast", "generic", "samediff"));
    }

    /**
     * Engines by name; the first one runs the longer computations.
     *
     * @throws IllegalArgumentException if there is no engine of a name
     */
    public static VerificationEngines of(List<String> names) {
        List<Engine> engines = names.stream().map(Engines::byName).toList();
        return new VerificationEngines(engines, engines.get(0));
    }

    /** Ends the engines. */
    @Override
    public void close() {
        all.forEach(Engine::close);
    }

    /** How far results of this engine may be off. */
    static Bars bars(Engine engine) {
        return switch (engine.name()) {
            case "fast" -> Bars.FAST;
            case "bf16" -> Bars.BFLOAT16;
            default -> Bars.EXACT;
        };
    }
}
