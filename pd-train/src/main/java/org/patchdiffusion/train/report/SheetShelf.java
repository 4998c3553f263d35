package org.patchdiffusion.train.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The sheets of samples in a run's folder, {@code samples-<kimg>.png} (a second one of a thousand images has the rest behind it, {@code samples-<kimg>_540.png}), and that of real images, {@code reals.png}. Each
 * file is encoded once, however often the page is written. A page has the newest sheet, the first, and some between them.
 */
final class SheetShelf {
    static final String REALS = "reals.png";
    /** A page with more would be slow to open on a phone. */
    static final int MOST_SHEETS = 24;

    private static final long IMAGES_A_KIMG = 1000;
    private static final long MOST_BYTES = 12L << 20;
    private static final Pattern SAMPLES = Pattern.compile("samples-(\\d{1,12})(?:_(\\d{3}))?\\.png");

    /** A version of a file. */
    private record Stamp(Path file, long bytes, long modified) {}

    private final Path folder;
    private Map<Stamp, SheetFile> encoded = new HashMap<>();
    private SortedMap<Long, SheetFile> samples = new TreeMap<>();
    private SheetFile reals;
    private List<String> remarks = List.of();

    SheetShelf(Path folder) {
        this.folder = folder;
    }

    /**
     * Looks at the files.
     *
     * @throws IOException if the folder cannot be read
     */
    void refresh() throws IOException {
        SortedMap<Long, Stamp> found = new TreeMap<>();
        Stamp realImages = null;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Matcher name = SAMPLES.matcher(file.getFileName().toString());
                if (name.matches()) {
                    found.put(images(name), stamp(file));
                } else if (file.getFileName().toString().equals(REALS)) {
                    realImages = stamp(file);
                }
            }
        }
        List<String> said = new ArrayList<>();
        Map<Stamp, SheetFile> kept = new HashMap<>();
        reals = realImages == null ? null : encode(realImages, kept, said);
        samples = new TreeMap<>();
        for (long images : chosen(found)) {
            SheetFile sheet = encode(found.get(images), kept, said);
            if (sheet != null) {
                samples.put(images, sheet);
            }
        }
        if (samples.size() < found.size()) {
            said.add("Here are " + samples.size() + " of the " + found.size() + " sheets of samples in the folder.");
        }
        encoded = kept;
        remarks = List.copyOf(said);
    }

    private static long images(Matcher name) {
        String rest = name.group(2);
        return Long.parseLong(name.group(1)) * IMAGES_A_KIMG + (rest == null ? 0 : Long.parseLong(rest));
    }

    private static Stamp stamp(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new Stamp(file, attributes.size(), attributes.lastModifiedTime().toMillis());
    }

    private SheetFile encode(Stamp stamp, Map<Stamp, SheetFile> kept, List<String> said) {
        if (stamp.bytes() > MOST_BYTES) {
            said.add(stamp.file().getFileName() + " is left out: it has " + (stamp.bytes() >> 20) + " MiB.");
            return null;
        }
        try {
            SheetFile sheet = encoded.containsKey(stamp) ? encoded.get(stamp) : SheetFile.read(stamp.file());
            kept.put(stamp, sheet);
            return sheet;
        } catch (IOException e) {
            said.add(stamp.file().getFileName() + " is left out: " + e.getMessage() + ".");
            return null;
        }
    }

    /** Sheets spread evenly from the first to the newest, as many as a page takes. */
    private static TreeSet<Long> chosen(SortedMap<Long, Stamp> found) {
        List<Long> all = List.copyOf(found.keySet());
        long largest = found.values().stream().mapToLong(Stamp::bytes).max().orElse(1);
        int most = (int) Math.max(1, Math.min(MOST_SHEETS, MOST_BYTES / Math.max(1, largest)));
        TreeSet<Long> chosen = new TreeSet<>();
        int count = Math.min(most, all.size());
        for (int i = 1; i <= count; i++) {
            // The last is the newest; the first is that of the run unless there is place for one only.
            chosen.add(all.get(count == 1 ? all.size() - 1 : (int) ((i - 1) * (all.size() - 1L) / (count - 1))));
        }
        return chosen;
    }

    /** The sheets by their count of images. */
    SortedMap<Long, SheetFile> samples() {
        return samples;
    }

    /** Real images, or null. */
    SheetFile reals() {
        return reals;
    }

    /** What the reader of a page should know of them, a sentence each. */
    List<String> remarks() {
        return remarks;
    }
}
