package org.patchdiffusion.data.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The classes of the images of a source.
 *
 * @param origin where they come from, such as {@code dataset.json}, for messages
 * @param byImage class of each image that has one
 * @param classNames names of the classes, empty if the source gives none
 * @param unlabelled images without a class, in order
 * @param unknown paths that have a class but no image
 */
public record Labels(
        String origin,
        Map<String, Integer> byImage,
        List<String> classNames,
        List<String> unlabelled,
        List<String> unknown) {

    public Labels {
        classNames = List.copyOf(classNames);
        unlabelled = List.copyOf(unlabelled);
        unknown = List.copyOf(unknown);
    }

    /** Number of classes: one more than the largest class used, or the number of names if that is larger. */
    public int count() {
        int largest =
                byImage.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
        return Math.max(largest + 1, classNames.size());
    }

    /** The class of an image, -1 if it has none. */
    public int of(String image) {
        return byImage.getOrDefault(image, -1);
    }

    /** A class as people know it: its number, with its name if it has one. */
    public String describe(int label) {
        return label < classNames.size() ? label + " (" + classNames.get(label) + ")" : String.valueOf(label);
    }

    /**
     * Asks for a class for every image and an image for every class given.
     *
     * @param source starts the message
     * @throws IOException naming the first image that lacks one or the other
     */
    public void requireComplete(Path source) throws IOException {
        String where = source + ": " + origin;
        if (!unlabelled.isEmpty()) {
            throw new IOException(where + " gives no class to image " + unlabelled.get(0)
                    + (unlabelled.size() == 1 ? "" : " (" + unlabelled.size() + " such)"));
        }
        if (!unknown.isEmpty()) {
            throw new IOException(where + " names image " + unknown.get(0) + ", which is not in the data set ("
                    + unknown.size() + " such)");
        }
    }

    /**
     * The images of some classes, in order.
     *
     * @throws IOException if there are none
     */
    public List<String> only(Set<Integer> classes, List<String> images, Path source) throws IOException {
        List<String> kept = images.stream()
                .filter(image -> classes.contains(byImage.get(image)))
                .toList();
        if (kept.isEmpty()) {
            throw new IOException(source + ": holds no image of class "
                    + classes.stream().sorted().map(String::valueOf).toList() + "; its classes are 0 to "
                    + (count() - 1));
        }
        return kept;
    }
}
