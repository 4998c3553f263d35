package org.patchdiffusion.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.patchdiffusion.data.source.ImageFiles;
import org.patchdiffusion.data.source.ImageSource;
import org.patchdiffusion.data.source.LabelFile;
import org.patchdiffusion.data.source.RgbImage;

/** Reads a data set from a folder or zip. */
final class DatasetOpener {

    /** Share of the heap that the images may fill; the rest is for the program. */
    private static final double HEAP_SHARE = 0.9;

    private final ImageSource source;
    private final List<String> kept;
    private final int[] labels;
    private final RgbImage first;
    private final DatasetDescription form;

    private DatasetOpener(ImageSource source, DatasetOptions options) throws IOException {
        this.source = source;
        Optional<LabelFile> labelFile = labelFile(source, options);
        kept = ImageSelection.select(source, labelFile, options);
        boolean labelled = options.labels() != LabelUse.NONE && labelFile.isPresent();
        labels =
                labelled ? kept.stream().mapToInt(labelFile.get().labels()::get).toArray() : null;
        first = ImageFiles.decode(source, kept.get(0));
        form = new DatasetDescription(
                ImageFiles.baseName(source.path()),
                kept.size(),
                RgbImage.CHANNELS,
                first.height(),
                first.width(),
                PixelType.UINT8,
                labelled
                        ? DatasetContent.names(
                                labelFile.get().classes(), labelFile.get().count())
                        : List.of(),
                "");
    }

    static ImageDataset open(Path path, DatasetOptions options, ProgressListener progress) throws IOException {
        try (ImageSource source = ImageSource.open(path)) {
            return new DatasetOpener(source, options).read(progress);
        }
    }

    private static Optional<LabelFile> labelFile(ImageSource source, DatasetOptions options) throws IOException {
        boolean wanted = options.labels() != LabelUse.NONE || !options.classes().isEmpty();
        Optional<LabelFile> labels = wanted ? LabelFile.read(source) : Optional.empty();
        if (options.labels() == LabelUse.REQUIRED && labels.isEmpty()) {
            throw new IOException(source.path() + ": has no labels; add a " + LabelFile.NAME
                    + " with {\"labels\": [[\"path\", class], ...]}, or train without labels");
        }
        return labels;
    }

    private ImageDataset read(ProgressListener progress) throws IOException {
        requireMemory();
        byte[][] images = new byte[kept.size()][];
        Fingerprint digest = Fingerprint.begin();
        DatasetContent.start(digest, form);
        ImageFiles.decodeAll(source, kept, (index, image) -> {
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

    private void requireSameSize(int index, RgbImage image) throws IOException {
        if (image.height() != first.height() || image.width() != first.width()) {
            throw new IOException(source.path() + ": image " + kept.get(index) + " is " + image.size()
                    + ", expected " + first.size() + " as " + kept.get(0) + "; run \"pd dataset --resolution "
                    + first.size() + " --transform center-crop\" first");
        }
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
