package org.patchdiffusion.data.source;

import java.text.Normalizer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds images by paths as other programs write them. */
final class PathMatcher {

    private final Set<String> exact;
    private final Map<String, String> composed = new HashMap<>();
    private final String root;

    /** @param root what paths may leave out at their beginning, ending with '/' or empty */
    PathMatcher(List<String> images, String root) {
        exact = new HashSet<>(images);
        this.root = root;
        images.forEach(image -> composed.putIfAbsent(composed(image), image));
    }

    /**
     * The image at a path, which may have the separators of Windows, start with {@code ./}, or spell letters in another
     * Unicode normal form (macOS takes accents apart).
     */
    Optional<String> find(String path) {
        String plain = path.replace('\\', '/');
        while (plain.startsWith("./")) {
            plain = plain.substring(2);
        }
        Optional<String> below = image(root + plain);
        return below.isPresent() ? below : image(plain);
    }

    private Optional<String> image(String path) {
        return exact.contains(path) ? Optional.of(path) : Optional.ofNullable(composed.get(composed(path)));
    }

    private static String composed(String path) {
        return Normalizer.normalize(path, Normalizer.Form.NFC);
    }
}
