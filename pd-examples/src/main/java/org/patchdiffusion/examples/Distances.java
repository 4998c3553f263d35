package org.patchdiffusion.examples;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.patchdiffusion.data.DatasetSplit;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.SlicedWasserstein;

/**
 * Sliced Wasserstein distances to held-out images: of samples, of other real images, and of noise.
 *
 * @param count images in each of these three sets
 * @param references images in the held-out set
 * @param results distance of each set, by its name
 */
record Distances(int count, int references, Map<String, SlicedWasserstein.Result> results) {

    /** Measures sets of the same number of images, for the distance depends on it. */
    static Distances measure(Images samples, DatasetSplit data) {
        int count = Math.min(samples.count(), data.training().size());
        Images reference = pictures(data.heldOut(), data.heldOut().size());
        List<byte[]> first = samples.pixels().subList(0, count);
        Images drawn = new Images(samples.channels(), samples.height(), samples.width(), first);
        SlicedWasserstein metric = SlicedWasserstein.standard();
        Map<String, SlicedWasserstein.Result> results = new LinkedHashMap<>();
        results.put("Samples", metric.between(drawn, reference));
        results.put("Other real images", metric.between(pictures(data.training(), count), reference));
        results.put("Noise", metric.between(noise(drawn), reference));
        return new Distances(count, reference.count(), results);
    }

    /** The first images of a data set, as pictures. */
    static Images pictures(ImageDataset data, int count) {
        List<byte[]> pixels = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pixels.add(data.image(i));
        }
        return new Images(data.channels(), data.height(), data.width(), pixels);
    }

    /** Images of independent, evenly distributed pixels. */
    private static Images noise(Images like) {
        Random random = new Random(0);
        List<byte[]> pixels = new ArrayList<>();
        for (byte[] image : like.pixels()) {
            byte[] bytes = new byte[image.length];
            random.nextBytes(bytes);
            pixels.add(bytes);
        }
        return new Images(like.channels(), like.height(), like.width(), pixels);
    }

    /** Headings of the table: each level of the pyramid, and the mean. */
    List<String> columns() {
        List<String> columns = new ArrayList<>(List.of("Distance to held-out images"));
        for (SlicedWasserstein.Level level : results.values().iterator().next().levels()) {
            columns.add(level.width() + "x" + level.height());
        }
        columns.add("mean");
        return columns;
    }

    /** The numbers of each set. */
    Map<String, List<String>> rows() {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        results.forEach((name, result) -> {
            List<String> cells = new ArrayList<>();
            result.levels().forEach(level -> cells.add(format(level.distance())));
            cells.add(format(result.average()));
            rows.put(name, cells);
        });
        return rows;
    }

    private static String format(double distance) {
        return String.format(Locale.ROOT, "%.1f", distance);
    }

    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        results.forEach((name, result) -> parts.add(name.toLowerCase(Locale.ROOT) + " " + format(result.average())));
        return String.join(", ", parts);
    }
}
