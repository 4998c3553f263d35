package org.patchdiffusion.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.patchdiffusion.data.source.ImageFiles;
import org.patchdiffusion.data.source.ImageSource;
import org.patchdiffusion.data.source.LabelFile;
import org.patchdiffusion.data.source.RgbImage;

/** Images held on the heap, one array each. */
final class MemoryDataset implements ImageDataset {

    /** Share of the heap that the images may fill; the rest is for the program. */
    private static final double HEAP_SHARE = 0.9;

    private final String name;
    private final List<String> paths;
    private final int height;
    private final int width;
    private final int labelDim;
    private final int[] labels;
    private byte[][] images;
    private String fingerprint;

    private MemoryDataset(String name, List<String> paths, RgbImage first, int labelDim, int[] labels) {
        this.name = name;
        this.paths = paths;
        this.height = first.height();
        this.width = first.width();
        this.labelDim = labelDim;
        this.labels = labels;
        this.images = new byte[paths.size()][];
    }

    static MemoryDataset open(Path path, DatasetOptions options, ProgressListener progress) throws IOException {
        try (ImageSource source = ImageSource.open(path)) {
            Optional<LabelFile> labelFile =
                    options.useLabels() || !options.classes().isEmpty() ? LabelFile.read(source) : Optional.empty();
            if (options.useLabels() && labelFile.isEmpty()) {
                throw new IOException(path + ": has no labels; add a " + LabelFile.NAME
                        + " with {\"labels\": [[\"path\", class], ...]}, or train without labels");
            }
            List<String> kept = ImageSelection.select(source, labelFile, options);
            RgbImage first = ImageFiles.decode(source, kept.get(0));
            requireMemory(source, kept.size(), first);
            MemoryDataset dataset = new MemoryDataset(
                    ImageFiles.baseName(path),
                    kept,
                    first,
                    options.useLabels() ? labelFile.get().count() : 0,
                    labelsOf(kept, options.useLabels() ? labelFile.get().labels() : null));
            ImageFiles.decodeAll(source, kept, (index, image) -> {
                requireSameSize(source, kept, first, index, image);
                dataset.images[index] = image.pixels();
                progress.progress(index + 1, kept.size());
            });
            return dataset;
        }
    }

    private static int[] labelsOf(List<String> paths, Map<String, Integer> labels) {
        return labels == null ? null : paths.stream().mapToInt(labels::get).toArray();
    }

    private static void requireSameSize(
            ImageSource source, List<String> paths, RgbImage first, int index, RgbImage image) throws IOException {
        if (image.height() != first.height() || image.width() != first.width()) {
            throw new IOException(source.path() + ": image " + paths.get(index) + " is " + image.size()
                    + ", expected " + first.size() + " as " + paths.get(0) + "; run \"pd dataset --resolution "
                    + first.size() + " --transform center-crop\" first");
        }
    }

    private static void requireMemory(ImageSource source, int count, RgbImage first) throws IOException {
        double needed = (double) count * first.pixels().length;
        double allowed = Runtime.getRuntime().maxMemory() * HEAP_SHARE;
        if (needed > allowed) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "%s: %d images of %s need %.1f GiB, more than Java may use (%.1f GiB); start java with -Xmx%dg,"
                            + " or use fewer or smaller images",
                    source.path(),
                    count,
                    first.size(),
                    needed / (1 << 30),
                    allowed / (1 << 30),
                    (long) Math.ceil(1.5 * needed / (1 << 30)) + 1));
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int size() {
        return paths.size();
    }

    @Override
    public int height() {
        return height;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int channels() {
        return RgbImage.CHANNELS;
    }

    @Override
    public int labelDim() {
        return labelDim;
    }

    @Override
    public byte[] image(int index) {
        if (images == null) {
            throw new IllegalStateException(name + ": the data set is closed");
        }
        return images[index];
    }

    @Override
    public int label(int index) {
        return labels == null ? -1 : labels[index];
    }

    @Override
    public synchronized String fingerprint() {
        if (fingerprint == null) {
            fingerprint = Fingerprint.of(digest -> {
                digest.number(size()).number(height).number(width).number(labelDim);
                IntStream.range(0, size())
                        .forEach(i -> digest.text(paths.get(i)).number(label(i)).bytes(image(i)));
            });
        }
        return fingerprint;
    }

    @Override
    public void close() {
        images = null;
    }
}
