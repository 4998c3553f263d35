package org.patchdiffusion.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.ImageSource;
import org.patchdiffusion.data.source.Labels;
import org.patchdiffusion.data.source.OrderedWork;
import org.patchdiffusion.data.source.PixelImage;

/** Reads a data set from a folder or zip. */
final class DatasetOpener {

    /** Share of the heap that the images may fill; the rest is for the program. */
    private static final double HEAP_SHARE = 0.9;

    private static final int LEAST_ADVICE = 16;
    private static final int MOST_ADVICE = 256;

    private final ImageSource source;
    private final List<String> kept;
    private final int[] labels;
    private final Decoding decoding;
    private final PixelImage first;
    private final DatasetDescription form;

    private DatasetOpener(ImageSource source, DatasetOptions options) throws IOException {
        this.source = source;
        Optional<Labels> classes = labels(source, options);
        kept = ImageSelection.select(source, classes, options);
        boolean labelled = options.labels() != LabelUse.NONE && classes.isPresent();
        labels = labelled ? kept.stream().mapToInt(classes.get()::of).toArray() : null;
        decoding = new Decoding(source.channels().orElse(Decoding.RGB.channels()), Decoding.RGB.background());
        first = source.decode(kept.get(0), decoding);
        form = new DatasetDescription(
                source.name(),
                kept.size(),
                first.channels(),
                first.height(),
                first.width(),
                PixelType.UINT8,
                labelled
                        ? DatasetContent.names(
                                classes.get().classNames(), classes.get().count())
                        : List.of(),
                "");
    }

    static ImageDataset open(Path path, DatasetOptions options, ProgressListener progress) throws IOException {
        try (ImageSource source = ImageSource.open(path)) {
            return new DatasetOpener(source, options).read(progress);
        }
    }

    private static Optional<Labels> labels(ImageSource source, DatasetOptions options) throws IOException {
        boolean wanted = options.labels() != LabelUse.NONE || !options.classes().isEmpty();
        Optional<Labels> labels = wanted ? source.labels() : Optional.empty();
        if (labels.isPresent()) {
            labels.get().requireComplete(source.path());
        } else if (options.labels() == LabelUse.REQUIRED) {
            throw new IOException(source.path() + ": has no labels; add a dataset.json"
                    + " with {\"labels\": [[\"path\", class], ...]}, or train without labels");
        }
        return labels;
    }

    private ImageDataset read(ProgressListener progress) throws IOException {
        requireMemory();
        byte[][] images = new byte[kept.size()][];
        Fingerprint digest = Fingerprint.begin();
        DatasetContent.start(digest, form);
        OrderedWork.forAll(kept, image -> source.decode(image, decoding), (index, image) -> {
            requireSameSize(index, image);
            images[index] = image.pixels();
            digest.text(kept.get(index))
                    .number(labels == null ? -1 : labels[index])
                    .bytes(images[index]);
            progress.progress(index + 1, kept.size());
        });
        return ImageDataset.of(
                DatasetContent.withFingerprint(form, digest.end()), labels, new MemoryPixels(form.name(), images));
    }

    private void requireSameSize(int index, PixelImage image) throws IOException {
        if (image.height() != first.height() || image.width() != first.width()) {
            int side = sensibleSide(image);
            throw new IOException(source.path() + ": image " + kept.get(index) + " is " + image.size()
                    + ", expected " + first.size() + " as " + kept.get(0) + "; run \"pd dataset --source "
                    + source.path() + " --dest " + source.name() + "-" + side + "x" + side + ".zip --resolution " + side
                    + "x" + side + " --transform center-crop\" first");
        }
    }

    /** A power of two that a network can halve, no larger than the sides of the images seen. */
    private int sensibleSide(PixelImage image) {
        int least = Math.min(Math.min(first.height(), first.width()), Math.min(image.height(), image.width()));
        return Math.max(LEAST_ADVICE, Math.min(MOST_ADVICE, Integer.highestOneBit(least)));
    }

    private void requireMemory() throws IOException {
        double needed = (double) kept.size() * form.imageBytes();
        double allowed = Runtime.getRuntime().maxMemory() * HEAP_SHARE;
        if (needed > allowed) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "%s: %d images of %s need %.1f GiB, more than Java may use (%.1f GiB); start java with -Xmx%dg,"
                            + " or use fewer or smaller images",
                    source.path(),
                    kept.size(),
                    first.size(),
                    needed / (1 << 30),
                    allowed / (1 << 30),
                    (long) Math.ceil(1.5 * needed / (1 << 30)) + 1));
        }
    }
}
