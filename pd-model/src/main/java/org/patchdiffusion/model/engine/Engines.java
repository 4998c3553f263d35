package org.patchdiffusion.model.engine;

import java.util.List;

/** The engines by name. */
public final class Engines {
    private Engines() {}

    /** The names that {@link #byName} takes. */
    public static List<String> names() {
        return List.of("samediff", "generic");
    }

    /**
     * A new engine.
     *
     * @param name {@code samediff} (SameDiff itself, the slow reference) or {@code generic} (a plan of ND4J ops)
     * @throws IllegalArgumentException if there is no engine of that name
     */
    public static Engine byName(String name) {
        return switch (name) {
            case "samediff" -> new SameDiffEngine();
            case "generic" -> new GenericEngine();
            case "exact", "fast" -> throw new IllegalArgumentException(
                    "engine " + name + " is not part of this version; choose one of " + String.join(", ", names()));
            default -> throw new IllegalArgumentException(
                    "there is no engine named " + name + "; choose one of " + String.join(", ", names()));
        };
    }

    /** The fastest engine for this machine. */
    public static Engine best() {
        return new GenericEngine();
    }
}
