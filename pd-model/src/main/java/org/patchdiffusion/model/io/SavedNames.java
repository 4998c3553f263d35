package org.patchdiffusion.model.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Names of tensors as PyTorch's wrappers save them: data-parallel training and averaging put {@code module.} before
 * every name, a compiled module puts {@code _orig_mod.} before the names inside it.
 */
final class SavedNames {
    private static final String WRAPPED = "module.";
    private static final String COMPILED = "_orig_mod";
    /** The counter that PyTorch's {@code AveragedModel} saves beside its module. */
    private static final String AVERAGES = "n_averaged";

    private SavedNames() {}

    /**
     * The names in a file by the names that the network itself gives.
     *
     * @throws IOException if two names are one without what the wrappers add
     */
    static Map<String, String> byOwnName(Path file, Set<String> saved) throws IOException {
        Map<String, String> names = new LinkedHashMap<>();
        for (String name : saved) {
            names.put(withoutCompiled(name), name);
        }
        if (names.size() != saved.size()) {
            throw new IOException(file + " holds tensors whose names are equal without " + COMPILED);
        }
        while (isWrapped(names.keySet())) {
            Map<String, String> inner = new LinkedHashMap<>();
            names.forEach((name, original) -> {
                if (!name.equals(AVERAGES)) {
                    inner.put(name.substring(WRAPPED.length()), original);
                }
            });
            names = inner;
        }
        return names;
    }

    private static String withoutCompiled(String name) {
        if (!name.contains(COMPILED)) {
            return name;
        }
        List<String> parts = new ArrayList<>(Arrays.asList(name.split("\\.", -1)));
        parts.removeIf(COMPILED::equals);
        return String.join(".", parts);
    }

    private static boolean isWrapped(Set<String> names) {
        return names.stream().anyMatch(name -> name.startsWith(WRAPPED))
                && names.stream().allMatch(name -> name.startsWith(WRAPPED) || name.equals(AVERAGES));
    }
}
