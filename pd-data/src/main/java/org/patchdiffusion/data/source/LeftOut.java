package org.patchdiffusion.data.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.patchdiffusion.files.Messages;

/**
 * Files of a source that were passed over because they are no images.
 *
 * @param hidden files that desktops and archivers add by themselves, such as {@code Thumbs.db}
 * @param others number of files by their ending, empty for none
 */
public record LeftOut(int hidden, SortedMap<String, Integer> others) {

    /** Nothing was passed over. */
    public static final LeftOut NOTHING = new LeftOut(0, new TreeMap<>());

    /** One line such as {@code 3 files that are no images (.txt 2, .mp4 1)}, empty if there are none. */
    public String describe() {
        int count = others.values().stream().mapToInt(Integer::intValue).sum();
        if (count == 0) {
            return "";
        }
        String endings = others.entrySet().stream()
                .map(e -> (e.getKey().isEmpty() ? "no ending" : "." + e.getKey()) + " " + e.getValue())
                .collect(Collectors.joining(", "));
        return Messages.count(count, "file that is no image", "files that are no images") + " (" + endings + ")";
    }

    /** A line for people on each kind of file that was passed over. */
    public List<String> remarks() {
        List<String> lines = new ArrayList<>();
        if (!describe().isEmpty()) {
            lines.add("left out " + describe());
        }
        if (hidden > 0) {
            lines.add("passed over " + Messages.count(hidden, "hidden or system file"));
        }
        return List.copyOf(lines);
    }

    static LeftOut of(int hidden, Map<String, Integer> others) {
        return new LeftOut(hidden, new TreeMap<>(others));
    }
}
