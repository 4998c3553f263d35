package org.patchdiffusion.data;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.patchdiffusion.data.source.ImageSource;
import org.patchdiffusion.data.source.Labels;

/** Which images of a source to open. */
final class ImageSelection {

    private ImageSelection() {}

    /**
     * The paths that options keep, in order.
     *
     * @throws IOException if the source holds no images, or the class filter keeps none
     */
    static List<String> select(ImageSource source, Optional<Labels> labels, DatasetOptions options) throws IOException {
        List<String> images = source.requireImages();
        if (!options.classes().isEmpty()) {
            Labels classes = labels.orElseThrow(
                    () -> new IOException(source.path() + ": has no labels to filter by class; add a dataset.json"));
            images = classes.only(options.classes(), images, source.path());
        }
        return options.maxSize() < images.size() ? subset(images, options.maxSize(), options.seed()) : images;
    }

    private static List<String> subset(List<String> images, int size, long seed) {
        int[] shuffled = ShuffledOrder.shuffle(images.size(), RandomStream.of(seed, Purpose.SUBSET, 0, 0));
        return Arrays.stream(shuffled, 0, size).sorted().mapToObj(images::get).toList();
    }
}
