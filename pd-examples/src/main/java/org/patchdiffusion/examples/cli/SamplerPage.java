package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.eval.ImageGrid;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.SlicedWasserstein;
import org.patchdiffusion.eval.sample.ImageGenerator;
import org.patchdiffusion.eval.sample.Sampler;
import org.patchdiffusion.eval.sample.SamplerListener;
import org.patchdiffusion.eval.sample.Samplers;
import org.patchdiffusion.eval.sample.Samples;
import org.patchdiffusion.eval.sample.SamplingConfig;
import org.patchdiffusion.train.report.HtmlPage;

/** Draws the same seeds with every sampler at some numbers of evaluations, and writes a page that compares them. */
final class SamplerPage {
    private static final List<Integer> EVALUATIONS = List.of(8, 17, 35);
    private static final int FINE_STEPS = 64;
    private static final int SHOWN = 12;
    private static final int MOST_REALS = 4096;

    private final Generators generators;
    private final long[] seeds;
    private final Path data;
    private final Map<String, List<String>> rows = new LinkedHashMap<>();
    private final Map<String, List<byte[]>> pictures = new LinkedHashMap<>();

    /** @param data real images to measure distances to; null to measure to the fine solution */
    SamplerPage(Generators generators, long[] seeds, Path data) {
        this.generators = generators;
        this.seeds = seeds;
        this.data = data;
    }

    /** Draws, and writes the page. */
    void write(Path page) throws IOException {
        List<String> names = Samplers.names();
        try (ProgressBar bar = Progress.bar("comparing samplers", names.size() * EVALUATIONS.size() + 1L, " runs")) {
            Run fine = draw(Samplers.byName("heun"), FINE_STEPS);
            bar.step();
            Images reals = reals(fine.images());
            add("heun, " + FINE_STEPS + " steps", fine, fine, reals);
            for (String name : names) {
                for (int evaluations : EVALUATIONS) {
                    Run run = draw(Samplers.byName(name), steps(name, evaluations));
                    add(name + ", " + run.steps() + " steps", run, fine, reals);
                    pictures.computeIfAbsent(name, n -> new ArrayList<>())
                            .addAll(run.images().pixels().subList(0, Math.min(SHOWN, seeds.length)));
                    bar.step();
                }
            }
            page(fine.images(), page);
        }
    }

    private record Run(int steps, int evaluations, double seconds, Images images) {}

    private Run draw(Sampler sampler, int steps) {
        SamplingConfig config =
                new SamplingConfig(sampler, generators.sampling().schedule(), steps);
        try (ImageGenerator generator = generators.sampling(config)) {
            long start = System.nanoTime();
            try (Samples samples = generator.sample(seeds, SamplerListener.NONE)) {
                double seconds = (System.nanoTime() - start) * 1e-9;
                return new Run(steps, samples.evaluations(), seconds, Images.fromModelRange(samples.images()));
            }
        }
    }

    /** How many steps take so many evaluations. */
    private static int steps(String sampler, int evaluations) {
        if (sampler.equals("heun") || sampler.equals("dpmpp-2s-ancestral")) {
            return (evaluations + 2) / 2;
        }
        return sampler.startsWith("unipc") ? evaluations + 1 : evaluations;
    }

    private Images reals(Images fine) throws IOException {
        if (data == null) {
            return fine;
        }
        try (ImageDataset images = ImageDataset.open(data)) {
            List<byte[]> pixels = new ArrayList<>();
            int count = Math.min(MOST_REALS, images.size());
            for (int i = 0; i < count; i++) {
                pixels.add(images.image((int) ((long) i * images.size() / count)));
            }
            return new Images(images.channels(), images.height(), images.width(), pixels);
        }
    }

    private void add(String name, Run run, Run fine, Images reals) {
        double distance =
                SlicedWasserstein.standard().between(run.images(), reals).average();
        rows.put(
                name,
                List.of(
                        Integer.toString(run.evaluations()),
                        String.format(Locale.ROOT, "%.2f", run.seconds()),
                        String.format(Locale.ROOT, "%.1f", distance),
                        String.format(Locale.ROOT, "%.1f", offPath(run.images(), fine.images()))));
    }

    /** Root of the mean square of the difference between images of the same seeds, in gray levels. */
    private static double offPath(Images images, Images fine) {
        double sum = 0;
        long count = 0;
        for (int i = 0; i < images.count(); i++) {
            byte[] one = images.pixels().get(i);
            byte[] other = fine.pixels().get(i);
            for (int k = 0; k < one.length; k++) {
                double difference = (one[k] & 255) - (other[k] & 255);
                sum += difference * difference;
            }
            count += one.length;
        }
        return Math.sqrt(sum / count);
    }

    private void page(Images like, Path file) throws IOException {
        HtmlPage page = new HtmlPage("Samplers side by side")
                .text("The same " + seeds.length + " seeds, drawn by one model with every sampler.")
                .numbers(List.of("Sampler", "evaluations", "seconds", "distance", "off the exact path"), rows)
                .note("Distance: sliced Wasserstein distance times 1000 to "
                        + (data == null
                                ? "the images of " + FINE_STEPS + " Heun steps"
                                : "the real images of " + data.getFileName())
                        + ", lower is closer. Off the exact path: root mean square difference in gray levels to the images"
                        + " of " + FINE_STEPS + " Heun steps of the same seeds; samplers with fresh noise take paths of"
                        + " their own. Seconds hold for this machine at this moment.");
        int columns = Math.min(SHOWN, seeds.length);
        Path picture = Files.createTempFile("samplers", ".png");
        try {
            for (Map.Entry<String, List<byte[]>> entry : pictures.entrySet()) {
                ImageGrid.ofColumns(columns)
                        .withScale(Math.max(1, 64 / like.width()))
                        .write(picture, new Images(like.channels(), like.height(), like.width(), entry.getValue()));
                page.heading(entry.getKey())
                        .picture(picture, entry.getKey() + " at " + EVALUATIONS + " evaluations", true)
                        .note("From above: about " + EVALUATIONS.get(0) + ", " + EVALUATIONS.get(1) + " and "
                                + EVALUATIONS.get(2) + " evaluations.");
            }
        } finally {
            Files.deleteIfExists(picture);
        }
        page.write(file);
    }
}
