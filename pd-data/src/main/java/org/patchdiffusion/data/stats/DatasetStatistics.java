package org.patchdiffusion.data.stats;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.patchdiffusion.data.DatasetDescription;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.ProgressListener;

/**
 * What a data set is like. A function of the data set, the size of the sample and the seed.
 *
 * @param data what it holds
 * @param moments mean and deviation of all pixels
 * @param spectrum power by frequency, of a sample
 * @param distances between the images of a sample
 * @param duplicates images that occur more than once
 * @param classes number of images of each class by its name; empty without labels
 */
public record DatasetStatistics(
        DatasetDescription data,
        PixelMoments moments,
        PowerSpectrum spectrum,
        Distances distances,
        Duplicates duplicates,
        Map<String, Integer> classes) {

    public DatasetStatistics {
        // Keeps the order of the classes, which Map.copyOf does not.
        classes = Collections.unmodifiableMap(new LinkedHashMap<>(classes));
    }

    /**
     * Takes the statistics, on all cores.
     *
     * @param sample images whose distances and spectra are taken, at most; fewer if the images are so large that these would
     *     take minutes
     * @param seed decides which
     * @param progress hears the number of images looked at
     * @throws IllegalArgumentException if there are fewer than two images, or the sample is
     */
    public static DatasetStatistics of(ImageDataset dataset, int sample, long seed, ProgressListener progress) {
        if (sample < 2) {
            throw new IllegalArgumentException("the sample is " + sample + " images, expected at least 2");
        }
        if (dataset.size() < 2) {
            throw new IllegalArgumentException(
                    dataset.name() + ": has one image, which cannot be compared; statistics need at least 2");
        }
        int size = dataset.size();
        int channels = dataset.channels();
        int area = dataset.height() * dataset.width();
        List<ImageSummary> images = summaries(dataset, seed, progress);
        PixelMoments moments = PixelMoments.of(images, channels, area);
        int transformed = PowerSpectrum.affordable(sample, channels, dataset.height(), dataset.width());
        int compared = Distances.affordable(sample, channels * area);
        return new DatasetStatistics(
                dataset.description(),
                moments,
                PowerSpectrum.of(dataset, Sample.of(size, transformed, seed)),
                Distances.of(dataset, Sample.of(size, compared, seed)),
                Duplicates.of(dataset, images, moments.deviation()),
                classes(dataset));
    }

    private static List<ImageSummary> summaries(ImageDataset dataset, long seed, ProgressListener progress) {
        int size = dataset.size();
        boolean[] searched = new boolean[size];
        Arrays.stream(Sample.of(size, Duplicates.MOST_SEARCHED, seed)).forEach(i -> searched[i] = true);
        AtomicInteger done = new AtomicInteger();
        return IntStream.range(0, size)
                .parallel()
                .mapToObj(i -> {
                    ImageSummary summary = ImageSummary.of(dataset, i, searched[i]);
                    synchronized (done) {
                        progress.progress(done.incrementAndGet(), size);
                    }
                    return summary;
                })
                .toList();
    }

    private static Map<String, Integer> classes(ImageDataset dataset) {
        List<String> names = dataset.description().classes();
        int[] counts = new int[names.size()];
        for (int i = 0; i < dataset.size() && counts.length > 0; i++) {
            counts[dataset.label(i)]++;
        }
        Map<String, Integer> classes = new LinkedHashMap<>();
        for (int c = 0; c < counts.length; c++) {
            classes.merge(names.get(c), counts[c], Integer::sum);
        }
        return classes;
    }
}
