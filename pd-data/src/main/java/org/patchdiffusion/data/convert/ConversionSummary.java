package org.patchdiffusion.data.convert;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.patchdiffusion.data.source.LeftOut;
import org.patchdiffusion.files.Messages;

/**
 * What a conversion made, and what it left out.
 *
 * @param images number of images
 * @param height their rows
 * @param width their columns
 * @param channels their channels
 * @param classes each class with its number of images; empty without labels
 * @param skipped number of images that could not be used
 * @param skippedBecause why, a sentence for each of the first of them
 * @param unusedLabels labels that name no image of the source
 * @param leftOut files of the source that are no images
 */
public record ConversionSummary(
        int images,
        int height,
        int width,
        int channels,
        List<ClassCount> classes,
        int skipped,
        List<String> skippedBecause,
        int unusedLabels,
        LeftOut leftOut) {

    private static final int MOST_NAMED = 10;

    /** A class by its number and name, and how many images it has. */
    public record ClassCount(String name, int images) {}

    public ConversionSummary {
        classes = List.copyOf(classes);
        skippedBecause = List.copyOf(skippedBecause);
    }

    /** Whether the images have labels. */
    public boolean labelled() {
        return !classes.isEmpty();
    }

    /** For people: number, size and channels of the images, and their classes. */
    public String description() {
        String depth = channels == 3 ? "" : " with " + Messages.count(channels, "channel");
        String labels = labelled()
                ? " with labels (" + Messages.count(classes.size(), "class", "classes") + ")"
                : " without labels";
        return Messages.count(images, "image") + " of " + width + "x" + height + depth + labels;
    }

    /** For people: a line on each kind of thing that was left out or may surprise. */
    public List<String> remarks() {
        List<String> lines = new ArrayList<>();
        skippedBecause.forEach(reason -> lines.add("skipped: " + reason));
        if (skipped > 0) {
            lines.add("skipped " + Messages.count(skipped, "image") + " in all");
        }
        if (unusedLabels > 0) {
            lines.add(Messages.count(unusedLabels, "label names", "labels name") + " no image");
        }
        List<String> empty = classes.stream()
                .filter(c -> c.images == 0)
                .map(ClassCount::name)
                .toList();
        if (!empty.isEmpty()) {
            int named = Math.min(MOST_NAMED, empty.size());
            lines.add((empty.size() == 1 ? "no image has class " : "no image has the classes ")
                    + String.join(", ", empty.subList(0, named))
                    + (named < empty.size() ? " and " + (empty.size() - named) + " more" : ""));
        }
        lines.addAll(leftOut.remarks());
        return lines;
    }

    static List<ClassCount> count(int[] labels, int classes, IntFunction<String> name) {
        int[] counts = new int[classes];
        for (int label : labels) {
            counts[label]++;
        }
        return IntStream.range(0, classes)
                .mapToObj(c -> new ClassCount(name.apply(c), counts[c]))
                .toList();
    }
}
