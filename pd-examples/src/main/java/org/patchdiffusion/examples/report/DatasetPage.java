package org.patchdiffusion.examples.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.data.stats.DatasetStatistics;
import org.patchdiffusion.data.stats.Distances;
import org.patchdiffusion.data.stats.Distribution;
import org.patchdiffusion.data.stats.Duplicates;
import org.patchdiffusion.data.stats.PixelMoments;
import org.patchdiffusion.data.stats.PowerSpectrum;
import org.patchdiffusion.data.stats.Suggestion;
import org.patchdiffusion.eval.ImageGrid;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.PngFiles;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.train.report.HtmlPage;

/** Writes what a data set is like as a page, {@code stats.html}, with its pictures beside it. */
public final class DatasetPage {
    /** Width of the text of a page. */
    private static final int PAGE_WIDTH = 928;

    private static final int MARGIN = 2;
    private static final int LEAST_COLUMNS = 4;
    private static final int MOST_COLUMNS = 14;
    private static final int SHEET_ROWS = 6;
    /** Rows of a long table. */
    private static final int LISTED = 50;

    private final Path folder;
    private final ImageDataset dataset;
    private final DatasetStatistics statistics;

    private DatasetPage(Path folder, ImageDataset dataset, DatasetStatistics statistics) {
        this.folder = folder;
        this.dataset = dataset;
        this.statistics = statistics;
    }

    /**
     * Writes the page.
     *
     * @param folder made if missing
     * @return the page
     * @throws IOException if a file cannot be written
     */
    public static Path write(
            Path folder, ImageDataset dataset, DatasetStatistics statistics, List<Suggestion> suggestions)
            throws IOException {
        return new DatasetPage(folder, dataset, statistics).write(suggestions);
    }

    private Path write(List<Suggestion> suggestions) throws IOException {
        HtmlPage page = new HtmlPage("Data set " + dataset.name());
        page.facts(facts());
        page.heading("Suggested settings");
        page.table(
                List.of("Setting", "Value", "Why"),
                suggestions.stream()
                        .map(s -> List.of(s.setting(), s.value(), s.reason()))
                        .toList());
        contactSheet(page);
        moments(page);
        spectrum(page);
        distances(page);
        duplicates(page);
        classes(page);
        Path file = folder.resolve("stats.html");
        page.write(file);
        return file;
    }

    private Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Images", text("%,d of %dx%d", dataset.size(), dataset.width(), dataset.height()));
        facts.put("Channels", dataset.channels() + (isLatent() ? ", float32" : ""));
        if (!statistics.classes().isEmpty()) {
            facts.put("Classes", String.valueOf(statistics.classes().size()));
        }
        facts.put(
                "Fingerprint",
                dataset.fingerprint()
                        .substring(0, Math.min(16, dataset.fingerprint().length())));
        return facts;
    }

    private boolean isLatent() {
        return dataset.description().pixels() == PixelType.FLOAT32;
    }

    private void contactSheet(HtmlPage page) throws IOException {
        page.heading("Some images");
        if (isLatent()) {
            page.note("The values are latents, which are no pictures; decode them to see some.");
            return;
        }
        int columns = Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, PAGE_WIDTH / (dataset.width() + MARGIN)));
        int scale = Math.max(1, (PAGE_WIDTH - MARGIN) / columns / (dataset.width() + MARGIN));
        int count = Math.min(dataset.size(), columns * SHEET_ROWS);
        List<byte[]> pixels = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pixels.add(picture((int) ((long) i * dataset.size() / count)));
        }
        Images images = new Images(shownChannels(), dataset.height(), dataset.width(), pixels);
        Path sheet = folder.resolve("contact-sheet.png");
        PngFiles.write(
                sheet,
                ImageGrid.ofColumns(columns).withScale(scale).withMargin(MARGIN).draw(images));
        page.picture(sheet, Messages.count(count, "image") + " spread over the data set", true);
        page.note(Messages.count(count, "image") + ", spread evenly over the data set.");
    }

    /** Gray for 1 or 2 channels, else the first three as red, green and blue. */
    private int shownChannels() {
        return dataset.channels() < 3 ? 1 : 3;
    }

    private byte[] picture(int index) {
        return Arrays.copyOf(dataset.image(index), shownChannels() * dataset.height() * dataset.width());
    }

    private void moments(HtmlPage page) {
        PixelMoments moments = statistics.moments();
        page.heading("Pixels");
        Map<String, List<String>> rows = new LinkedHashMap<>();
        rows.put("all", List.of(number(moments.mean()), number(moments.deviation())));
        for (int c = 0; c < dataset.channels(); c++) {
            rows.put(
                    "channel " + c,
                    List.of(
                            number(moments.channelMeans().get(c)),
                            number(moments.channelDeviations().get(c))));
        }
        page.numbers(List.of("", "mean", "deviation"), rows);
        Distribution brightness = moments.brightness();
        page.note(text(
                "On the scale of the network%s. The mean of an image lies between %s and %s, for nine of ten between %s and %s.",
                isLatent() ? "" : ", from -1 to 1",
                number(brightness.min()),
                number(brightness.max()),
                number(brightness.p5()),
                number(brightness.p95())));
    }

    private void spectrum(HtmlPage page) {
        PowerSpectrum spectrum = statistics.spectrum();
        page.heading("Spectrum");
        if (spectrum.power().stream().noneMatch(power -> power > 0)) {
            page.note("Each image is of one colour, so that there is no spectrum.");
            return;
        }
        page.chart(DatasetCharts.spectrum(spectrum, Math.min(dataset.height(), dataset.width())));
        page.note(text(
                "Mean over %s, all directions and channels. Photographs fall with a slope of about -2, noise is flat.",
                Messages.count(spectrum.images(), "image")));
    }

    private void distances(HtmlPage page) {
        Distances distances = statistics.distances();
        page.heading("Distances");
        page.chart(DatasetCharts.distances(distances));
        Map<String, List<String>> rows = new LinkedHashMap<>();
        rows.put("all pairs", row(distances.pairwise()));
        rows.put("nearest neighbours", row(distances.nearest()));
        page.numbers(List.of("", "smallest", "5%", "median", "95%", "largest"), rows);
        page.note(text(
                "Euclidean distances between the values of %,d%s images.",
                distances.images(), distances.images() < dataset.size() ? " randomly chosen" : ""));
    }

    private static List<String> row(Distribution d) {
        return List.of(number(d.min()), number(d.p5()), number(d.median()), number(d.p95()), number(d.max()));
    }

    private void duplicates(HtmlPage page) {
        Duplicates duplicates = statistics.duplicates();
        page.heading("Duplicates");
        page.text(text(
                "Exact copies of another image: %,d. Pairs that differ by no more than %s (root mean square): %s%,d, searched"
                        + " among different images: %,d.",
                duplicates.copies(),
                number(duplicates.threshold()),
                duplicates.complete() ? "" : "at least ",
                duplicates.near().size(),
                duplicates.searched()));
        List<List<String>> rows = new ArrayList<>();
        duplicates.exact().stream().limit(LISTED).forEach(group -> rows.add(List.of("0", names(group))));
        duplicates.near().stream()
                .limit(LISTED)
                .forEach(pair ->
                        rows.add(List.of(number(pair.difference()), names(List.of(pair.first(), pair.second())))));
        if (!rows.isEmpty()) {
            page.table(List.of("Difference", "Images"), rows);
        }
        int more = duplicates.exact().size() + duplicates.near().size() - rows.size();
        if (more > 0) {
            page.note(text("%,d more are not listed.", more));
        }
    }

    private String names(List<Integer> images) {
        String names = String.join(
                ", ", images.stream().limit(LISTED).map(dataset::nameOf).toList());
        return images.size() > LISTED ? names + text(" and %,d more", images.size() - LISTED) : names;
    }

    private void classes(HtmlPage page) {
        if (statistics.classes().isEmpty()) {
            return;
        }
        page.heading("Classes");
        Map<String, List<String>> rows = new LinkedHashMap<>();
        statistics.classes().entrySet().stream()
                .limit(2 * LISTED)
                .forEach(entry -> rows.put(
                        entry.getKey(),
                        List.of(
                                text("%,d", entry.getValue()),
                                text("%.1f%%", 100.0 * entry.getValue() / dataset.size()))));
        page.numbers(List.of("", "images", "share"), rows);
        if (statistics.classes().size() > rows.size()) {
            page.note(text("%,d more are not listed.", statistics.classes().size() - rows.size()));
        }
    }

    private static String number(double value) {
        return text("%.3g", value);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
