package org.patchdiffusion.data.source;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Classes of images that lie in one folder each, {@code cat/…} and {@code dog/…}: numbered in the order of the folders'
 * names. A folder around all of them does not count.
 */
final class FolderLabels {

    /** How EDM and StyleGAN tools number images; their folders hold a thousand each and are no classes. */
    private static final Pattern NUMBERED = Pattern.compile("(.*/)?\\d{5}/img\\d{8}\\.\\w+");

    private FolderLabels() {}

    /** Empty if some image lies in no folder, or all in the same. */
    static Optional<Labels> of(List<String> images) {
        if (images.isEmpty()
                || images.stream().allMatch(image -> NUMBERED.matcher(image).matches())) {
            return Optional.empty();
        }
        int start = commonFolder(images);
        Map<String, String> folders = new HashMap<>();
        for (String image : images) {
            int slash = image.indexOf('/', start);
            if (slash < 0) {
                return Optional.empty();
            }
            folders.put(image, image.substring(start, slash));
        }
        List<String> names = List.copyOf(new TreeSet<>(folders.values()));
        Map<String, Integer> numbers = new HashMap<>();
        names.forEach(name -> numbers.put(name, numbers.size()));
        Map<String, Integer> labels = new HashMap<>();
        folders.forEach((image, folder) -> labels.put(image, numbers.get(folder)));
        return names.size() < 2
                ? Optional.empty()
                : Optional.of(new Labels("the folders", labels, names, List.of(), List.of()));
    }

    /** Length of the folders that all images lie in, with the last '/'. */
    private static int commonFolder(List<String> images) {
        String common = images.get(0).substring(0, images.get(0).lastIndexOf('/') + 1);
        for (String image : images) {
            while (!image.startsWith(common)) {
                common = common.substring(0, common.lastIndexOf('/', common.length() - 2) + 1);
            }
        }
        return common.length();
    }
}
