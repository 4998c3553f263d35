package org.patchdiffusion.model.io;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.patchdiffusion.files.Messages;

/**
 * Finds the weights in what a training script saved: a state dict by itself, or a dictionary that holds one or several
 * of them beside other things, as in <code>{model, ema, opt}</code> and <code>{state_dict, epoch}</code>.
 */
final class TrainingDictionary {
    /** Names of averaged weights in wide use, which sample better than those that are trained; then of others. */
    private static final List<String> BY_PREFERENCE = List.of(
            "ema",
            "model_ema",
            "ema_model",
            "ema_state_dict",
            "state_dict_ema",
            "params_ema",
            "model",
            "state_dict",
            "model_state_dict",
            "net",
            "network",
            "params",
            "module",
            "weights");

    private static final int AVERAGED = 6;
    private static final int DEEPEST = 3;
    private static final int MOST_VISITED = 5_000_000;
    private static final int LONGEST_NAME = 1_000;

    /**
     * The weights that were found.
     *
     * @param tensors tensors by name
     * @param choice what was taken and what was left, as a sentence; empty if there was nothing else
     */
    record Weights(Map<String, TorchTensor> tensors, Optional<String> choice) {}

    private int visited;

    private TrainingDictionary() {}

    /**
     * Finds the weights.
     *
     * @param root what the pickle holds
     * @throws IOException if there are none, or it is not clear which are meant
     */
    static Weights weights(Object root) throws IOException {
        return new TrainingDictionary().find(root);
    }

    private Weights find(Object root) throws IOException {
        if (!(root instanceof Map<?, ?> map)) {
            throw new IOException("it does not hold a dictionary");
        }
        List<String> path = new ArrayList<>();
        List<String> left = new ArrayList<>();
        while (!isStateDict(map) && path.size() < DEEPEST) {
            String key = choose(map);
            boolean plain = BY_PREFERENCE.indexOf(key) >= AVERAGED;
            path.add((BY_PREFERENCE.indexOf(key) < 0 || plain ? "" : "averaged weights, ") + Messages.printable(key));
            for (Object other : map.keySet()) {
                if (!other.equals(key)) {
                    left.add(Messages.printable(String.valueOf(other)));
                }
            }
            map = (Map<?, ?>) map.get(key);
        }
        return new Weights(tensors(map), choice(path, left));
    }

    private static Optional<String> choice(List<String> path, List<String> left) {
        if (path.isEmpty()) {
            return Optional.empty();
        }
        int listed = Math.min(5, left.size());
        String others = String.join(", ", left.subList(0, listed)) + (left.size() > listed ? ", ..." : "");
        return Optional.of(
                "took its entry " + String.join(" / ", path) + (left.isEmpty() ? "" : "; left out: " + others));
    }

    /** Whether all values are tensors. An empty dictionary is one of no tensors. */
    private boolean isStateDict(Map<?, ?> map) throws IOException {
        for (Map.Entry<?, ?> e : map.entrySet()) {
            // Dictionaries may be shared, so that a small file has many ways through them.
            if (++visited > MOST_VISITED) {
                throw new IOException("it holds too many dictionaries to look for weights in");
            }
            if (!(e.getKey() instanceof String && e.getValue() instanceof TorchTensor)) {
                return false;
            }
        }
        return true;
    }

    private boolean holdsStateDict(Object value, int depth) throws IOException {
        if (!(value instanceof Map<?, ?> map) || map.isEmpty()) {
            return false;
        }
        if (isStateDict(map)) {
            return true;
        }
        for (String key : BY_PREFERENCE) {
            if (depth < DEEPEST && holdsStateDict(map.get(key), depth + 1)) {
                return true;
            }
        }
        return false;
    }

    private String choose(Map<?, ?> map) throws IOException {
        List<String> candidates = new ArrayList<>();
        for (Map.Entry<?, ?> e : map.entrySet()) {
            if (e.getKey() instanceof String key && holdsStateDict(e.getValue(), 1)) {
                candidates.add(key);
            }
        }
        Optional<String> preferred =
                BY_PREFERENCE.stream().filter(candidates::contains).findFirst();
        if (preferred.isPresent()) {
            return preferred.get();
        }
        if (candidates.size() == 1) {
            return candidates.get(0);
        }
        if (!candidates.isEmpty()) {
            throw new IOException("it holds several dictionaries of tensors ("
                    + Messages.printable(String.join(", ", candidates.subList(0, Math.min(5, candidates.size()))))
                    + "); save the state_dict() of one model alone");
        }
        throw noWeights(map);
    }

    private static IOException noWeights(Map<?, ?> map) {
        if (map.containsKey("state") && map.containsKey("param_groups")) {
            return new IOException(
                    "its entry state is that of an optimizer, beside param_groups: this is an optimizer's"
                            + " file, not a model's (give the file with model.state_dict())");
        }
        Object odd = map.entrySet().stream()
                .filter(e -> !(e.getKey() instanceof String && e.getValue() instanceof TorchTensor))
                .findFirst()
                .orElseThrow()
                .getKey();
        return new IOException("its entry " + Messages.printable(String.valueOf(odd))
                + " is not a tensor (save model.state_dict() alone)");
    }

    private static Map<String, TorchTensor> tensors(Map<?, ?> map) throws IOException {
        Map<String, TorchTensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<?, ?> e : map.entrySet()) {
            if (!(e.getKey() instanceof String name) || !(e.getValue() instanceof TorchTensor tensor)) {
                throw new IOException("it nests dictionaries more than " + DEEPEST + " levels deep");
            }
            if (name.length() > LONGEST_NAME) {
                throw new IOException("it has a tensor with a name of more than " + LONGEST_NAME + " characters");
            }
            tensors.put(name, tensor);
        }
        return tensors;
    }
}
