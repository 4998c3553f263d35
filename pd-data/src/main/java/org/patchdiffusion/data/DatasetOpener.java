package org.patchdiffusion.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.ImageSource;
import org.patchdiffusion.data.source.Labels;
import org.patchdiffusion.data.source.OrderedWork;
import org.patchdiffusion.data.source.PixelImage;

/** Reads a data set from a folder or zip and decides where its pixels are kept. */
final class DatasetOpener {

    /** Share of the heap that the images may fill if that is asked for; the rest is for the program. */
    private static final double HEAP_SHARE = 0.9;

    /** Share of the heap that they fill without being asked. */
    private static final double COMFORTABLE_HEAP_SHARE = 0.6;

    /** Share of the free space of the disk that a cache takes without being asked. */
    private static final double DISK_SHARE = 0.5;

    /** Sides of images that a message advises. */
    private static final int LEAST_ADVICE = 16;

    private static final int MOST_ADVICE = 256;

    private final ImageSource source;
    private final List<String> kept;
    private final int[] labels;
    private final Decoding decoding;
    private final PixelImage first;
    private final SourceStamp stamp;
    private final DatasetDescription form;

    private DatasetOpener(ImageSource source, DatasetOptions options) throws IOException {
        this.source = source;
        Optional<Labels> classes = labels(source, options);
        kept = ImageSelection.select(source, classes, options);
        stamp = SourceStamp.of(source, kept);
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
        ImageSource source = ImageSource.open(path);
        boolean inUse = false;
        try {
            DatasetOpener opener = new DatasetOpener(source, options);
            ImageDataset dataset = opener.read(options.cache(), progress);
            inUse = opener.keepsSource(dataset);
            return dataset;
        } finally {
            if (!inUse) {
                source.close();
            }
        }
    }

    static boolean hasLabels(Path path) throws IOException {
        try (ImageSource source = ImageSource.open(path)) {
            return source.labels().isPresent();
        }
    }

    private boolean keepsSource(ImageDataset dataset) {
        return dataset.reader() instanceof DecodedPixels;
    }

    private static Optional<Labels> labels(ImageSource source, DatasetOptions options) throws IOException {
        boolean wanted = options.labels() != LabelUse.NONE || !options.classes().isEmpty();
        Optional<Labels> labels = wanted ? source.labels() : Optional.empty();
        if (labels.isPresent()) {
            labels.get().requireComplete(source.path());
        } else if (options.labels() == LabelUse.REQUIRED) {
            throw new IOException(source.path() + ": has no labels; add a dataset.json"
                    + " with {\"labels\": [[\"path\", class], ...]}, put the images of each class in a folder, or"
                    + " train without labels");
        }
        return labels;
    }

    private ImageDataset read(PixelCache cache, ProgressListener progress) throws IOException {
        return switch (cache) {
            case MEMORY -> {
                requireMemory();
                yield inMemory(progress);
            }
            case DISK -> onDisk(CacheFile.of(source.path()), progress);
            case NONE -> onDemand("", progress);
            case AUTO -> {
                if (totalBytes() <= Runtime.getRuntime().maxMemory() * COMFORTABLE_HEAP_SHARE) {
                    yield inMemory(progress);
                }
                Optional<String> obstacle = obstacleToCache();
                yield obstacle.isEmpty()
                        ? onDisk(CacheFile.of(source.path()), progress)
                        : onDemand(obstacle.get(), progress);
            }
        };
    }

    private long totalBytes() {
        return (long) kept.size() * form.imageBytes();
    }

    /** Why no cache file is made without being asked for, if so. */
    private Optional<String> obstacleToCache() throws IOException {
        CacheFile cache = CacheFile.of(source.path());
        Path folder = cache.path().getParent();
        if (cache.origin(totalBytes()).isPresent()) {
            return Optional.empty();
        }
        if (!Files.isWritable(folder)) {
            return Optional.of("no cache can be written to " + folder);
        }
        long free = Files.getFileStore(folder).getUsableSpace();
        return totalBytes() <= free * DISK_SHARE
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "a cache of %.1f GiB would take more than half of the free space of %s",
                        gib(totalBytes()),
                        folder));
    }

    private ImageDataset inMemory(ProgressListener progress) throws IOException {
        byte[][] images = new byte[kept.size()][];
        String fingerprint = decodeAll((index, pixels) -> images[index] = pixels, progress);
        return dataset(fingerprint, new MemoryPixels(form.name(), images));
    }

    private ImageDataset onDemand(String reason, ProgressListener progress) throws IOException {
        String fingerprint = decodeAll((index, pixels) -> {}, progress);
        return dataset(fingerprint, new DecodedPixels(source, decoding, kept, stamp, form, reason));
    }

    private ImageDataset onDisk(CacheFile cache, ProgressListener progress) throws IOException {
        String from = Fingerprint.of(digest -> {
            stamp.addTo(digest);
            kept.forEach(digest::text);
            digest.number(form.channels()).number(form.height()).number(form.width());
        });
        String classes = Fingerprint.of(digest -> {
            digest.number(form.labelDim());
            Arrays.stream(labels == null ? new int[0] : labels).forEach(digest::number);
        });
        CacheFile.Origin origin = cache.origin(totalBytes()).orElse(null);
        if (origin == null || !origin.source().equals(from)) {
            String fingerprint = cache.write(from, classes, sink -> decodeAll(sink, progress));
            origin = new CacheFile.Origin(from, classes, fingerprint);
        }
        FilePixels pixels = new FilePixels(cache.path(), form.imageBytes());
        String fingerprint = origin.labels().equals(classes) ? origin.fingerprint() : fingerprintOf(pixels, progress);
        return dataset(fingerprint, pixels);
    }

    /** Takes an image. */
    @FunctionalInterface
    interface Sink {
        void accept(int index, byte[] pixels) throws IOException;
    }

    /** Decodes the images on all cores, hands them over in order, and gives the fingerprint of all. */
    private String decodeAll(Sink sink, ProgressListener progress) throws IOException {
        Fingerprint digest = Fingerprint.begin();
        DatasetContent.start(digest, form);
        OrderedWork.forAll(kept, image -> source.decode(image, decoding), (index, image) -> {
            requireSameSize(index, image);
            addTo(digest, index, image.pixels());
            sink.accept(index, image.pixels());
            progress.progress(index + 1, kept.size());
        });
        stamp.requireUnchanged();
        return digest.end();
    }

    private String fingerprintOf(PixelReader pixels, ProgressListener progress) {
        Fingerprint digest = Fingerprint.begin();
        DatasetContent.start(digest, form);
        for (int i = 0; i < kept.size(); i++) {
            addTo(digest, i, pixels.read(i).array());
            progress.progress(i + 1, kept.size());
        }
        return digest.end();
    }

    private void addTo(Fingerprint digest, int index, byte[] pixels) {
        digest.text(kept.get(index)).number(labels == null ? -1 : labels[index]).bytes(pixels);
    }

    private ImageDataset dataset(String fingerprint, PixelReader pixels) {
        return ImageDataset.of(DatasetContent.withFingerprint(form, fingerprint), labels, pixels)
                .asRead(kept, source.leftOut().remarks());
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
        double allowed = Runtime.getRuntime().maxMemory() * HEAP_SHARE;
        if (totalBytes() > allowed) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "%s: %d images of %s need %.1f GiB, more than Java may use (%.1f GiB); start java with -Xmx%dg,"
                            + " keep them in a cache on disk, or use fewer or smaller images",
                    source.path(),
                    kept.size(),
                    first.size(),
                    gib(totalBytes()),
                    gib(allowed),
                    (long) Math.ceil(1.5 * gib(totalBytes())) + 1));
        }
    }

    private static double gib(double bytes) {
        return bytes / (1 << 30);
    }
}
