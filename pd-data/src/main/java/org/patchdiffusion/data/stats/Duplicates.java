package org.patchdiffusion.data.stats;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.patchdiffusion.data.ImageDataset;

/**
 * Images that occur more than once.
 *
 * @param exact groups of two or more images of equal pixels, by index
 * @param near pairs of images that differ little; of each exact group only the first image is in any pair
 * @param searched number of images in which pairs were looked for
 * @param threshold root-mean-square difference up to which two images differ little
 * @param complete whether all pairs among the searched images are listed: an image with very many near ones lists some
 */
public record Duplicates(List<List<Integer>> exact, List<Pair> near, int searched, double threshold, boolean complete) {

    /** Deviations of the data that near duplicates may differ by: about 5 of 255 levels of gray for photographs. */
    static final double NEARNESS = 0.08;

    /** Images in which near duplicates are looked for at most: the search is quadratic in its worst case. */
    static final int MOST_SEARCHED = 100_000;

    private static final int MOST_NEAR_ONE = 20;

    /**
     * Two images that differ little.
     *
     * @param first index of the image that comes first
     * @param second index of the other
     * @param difference root mean square of the difference of their values
     */
    public record Pair(int first, int second, double difference) {}

    public Duplicates {
        exact = exact.stream().map(List::copyOf).toList();
        near = List.copyOf(near);
    }

    /** How many images could go without losing any content. */
    public int copies() {
        return exact.stream().mapToInt(group -> group.size() - 1).sum();
    }

    /**
     * Looks for duplicates.
     *
     * @param images summaries of all images; those to search for near duplicates have blocks
     * @param deviation standard deviation of all values
     */
    static Duplicates of(ImageDataset dataset, List<ImageSummary> images, double deviation) {
        Map<ImageSummary.Content, List<Integer>> byContent = new LinkedHashMap<>();
        for (int i = 0; i < images.size(); i++) {
            byContent
                    .computeIfAbsent(images.get(i).content(), c -> new ArrayList<>())
                    .add(i);
        }
        List<List<Integer>> exact =
                byContent.values().stream().filter(group -> group.size() > 1).toList();
        Integer[] searched = byContent.values().stream()
                .map(group -> group.get(0))
                .filter(i -> images.get(i).blocks().length > 0)
                .sorted(Comparator.comparingDouble(i -> brightness(images.get(i))))
                .toArray(Integer[]::new);
        double threshold = NEARNESS * deviation;
        List<List<Pair>> found = IntStream.range(0, searched.length)
                .parallel()
                .mapToObj(i -> nearAfter(dataset, images, searched, i, threshold))
                .toList();
        List<Pair> near = found.stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparingDouble(Pair::difference)
                        .thenComparingInt(Pair::first)
                        .thenComparingInt(Pair::second))
                .toList();
        boolean complete = found.stream().allMatch(pairs -> pairs.size() < MOST_NEAR_ONE);
        return new Duplicates(exact, near, searched.length, threshold, complete);
    }

    private static double brightness(ImageSummary image) {
        return Arrays.stream(image.sums()).sum();
    }

    /**
     * The near images that follow one in the order of brightness. The differences of two images' means and of their blocks are
     * lower bounds of that of their pixels, so that few pairs need a look at the pixels.
     */
    private static List<Pair> nearAfter(
            ImageDataset dataset, List<ImageSummary> images, Integer[] order, int place, double threshold) {
        double values = (double) dataset.channels() * dataset.height() * dataset.width();
        int own = order[place];
        ImageSummary image = images.get(own);
        double brightness = brightness(image);
        float[] pixels = null;
        List<Pair> pairs = new ArrayList<>();
        for (int i = place + 1; i < order.length && pairs.size() < MOST_NEAR_ONE; i++) {
            int other = order[i];
            if (brightness(images.get(other)) - brightness > threshold * values) {
                break;
            }
            if (distance(image.blocks(), images.get(other).blocks(), 1) > threshold * (1 + 1e-5)) {
                continue;
            }
            pixels = pixels == null ? dataset.values(own) : pixels;
            double difference = distance(pixels, dataset.values(other), values);
            if (difference <= threshold) {
                pairs.add(new Pair(Math.min(own, other), Math.max(own, other), difference));
            }
        }
        return pairs;
    }

    private static double distance(float[] a, float[] b, double count) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = a[i] - b[i];
            sum += difference * difference;
        }
        return Math.sqrt(sum / count);
    }
}
