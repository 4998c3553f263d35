package org.patchdiffusion.data;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Which images of a source to open. */
final class ImageSelection {

    private ImageSelection() {}

    /**
     * The paths that options keep, in order.
     *
     * @throws IOException if the source holds no images, or the class filter keeps none
     */
    static List<String> select(ImageSource source, Optional<LabelFile> labels, DatasetOptions options)
            throws IOException {
        List<String> images = source.images();
        if (images.isEmpty()) {
            throw new IOException(source.path() + ": holds no images; put PNG or JPEG files inside");
        }
        if (!options.classes().isEmpty()) {
            images = ofClasses(source, images, labels, options.classes());
        }
        return options.maxSize() < images.size() ? subset(images, options.maxSize(), options.seed()) : images;
    }

    private static List<String> ofClasses(
            ImageSource source, List<String> images, Optional<LabelFile> labels, Set<Integer> classes)
            throws IOException {
        if (labels.isEmpty()) {
            throw new IOException(source.path() + ": has no labels to filter by class; add a " + LabelFile.NAME);
        }
        List<String> kept = images.stream()
                .filter(image -> classes.contains(labels.get().labels().get(image)))
                .toList();
        if (kept.isEmpty()) {
            throw new IOException(source.path() + ": holds no image of class "
                    + classes.stream().sorted().map(String::valueOf).toList() + "; its classes are 0 to "
                    + (labels.get().count() - 1));
        }
        return kept;
    }

    private static List<String> subset(List<String> images, int size, long seed) {
        int[] shuffled = ShuffledOrder.shuffle(images.size(), RandomStream.of(seed, Purpose.SUBSET, 0, 0));
        return Arrays.stream(shuffled, 0, size).sorted().mapToObj(images::get).toList();
    }
}
