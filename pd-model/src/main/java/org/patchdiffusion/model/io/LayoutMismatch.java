package org.patchdiffusion.model.io;

import java.util.ArrayList;
import java.util.List;
import org.patchdiffusion.files.Messages;

/** Collects all differences between the tensors of a file and those that a model needs, for one message. */
final class LayoutMismatch {
    private static final int MOST_LISTED = 5;

    private final List<String> missing = new ArrayList<>();
    private final List<String> unexpected = new ArrayList<>();
    private final List<String> different = new ArrayList<>();

    void missing(String name) {
        missing.add(name);
    }

    void unexpected(String name) {
        unexpected.add(Messages.printable(name));
    }

    void different(String name, TensorInfo got, List<Long> wanted) {
        different.add(name + " is " + got.type() + " " + got.shape() + " instead of FLOAT " + wanted);
    }

    boolean isEmpty() {
        return missing.isEmpty() && unexpected.isEmpty() && different.isEmpty();
    }

    /** The differences as a part of a sentence. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        list(parts, "missing", missing);
        list(parts, "unexpected", unexpected);
        list(parts, "different", different);
        return String.join("; ", parts);
    }

    private static void list(List<String> parts, String what, List<String> items) {
        if (!items.isEmpty()) {
            int listed = Math.min(MOST_LISTED, items.size());
            String more = items.size() > listed ? " and " + (items.size() - listed) + " more" : "";
            parts.add(items.size() + " " + what + " (" + String.join(", ", items.subList(0, listed)) + more + ")");
        }
    }
}
