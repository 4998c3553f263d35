package org.patchdiffusion.examples.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.eval.PngFiles;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.train.StopReason;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingRun;

/** Writes {@code loss.png} and {@code report.html} into the run directory when training ends. */
public final class RunReport implements TrainingListener {
    private final Path folder;
    private final LossCurve curve;
    private TrainingRun run;
    private long start;

    /**
     * Makes the report of a run.
     *
     * @param folder the run directory
     * @param curve the loss of the run; it must hear the steps, too
     */
    public RunReport(Path folder, LossCurve curve) {
        this.folder = folder;
        this.curve = curve;
    }

    @Override
    public void started(TrainingRun started) {
        run = started;
        start = System.nanoTime();
    }

    @Override
    public void finished(StopReason reason) throws IOException {
        if (curve.steps() == 0) {
            return;
        }
        Path loss = folder.resolve("loss.png");
        PngFiles.write(loss, LossChart.draw(curve));
        HtmlPage page = new HtmlPage("Training run " + folder.getFileName());
        page.facts(facts(run, curve, (System.nanoTime() - start) * 1e-9));
        page.heading("Loss").picture(loss, "Loss over the images shown", false);
        Path samples = newestSamples();
        if (samples != null) {
            page.heading("Samples").picture(samples, "Images drawn with the averaged weights", false);
        }
        page.write(folder.resolve("report.html"));
    }

    private Path newestSamples() throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches("samples-\\d+\\.png"))
                    .max((a, b) -> a.getFileName().compareTo(b.getFileName()))
                    .orElse(null);
        }
    }

    /** What was trained on what, for how long. */
    public static Map<String, String> facts(TrainingRun run, LossCurve curve, double seconds) {
        UNetConfig network = run.model().network();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "Data",
                run.dataName() + ", " + run.dataSize() + " images of "
                        + run.model().width() + "x" + run.model().height());
        facts.put("Network", network(network, run.parameters()));
        facts.put("Patches", patches(run));
        facts.put(
                "Trained for",
                String.format(
                        Locale.ROOT,
                        "%.1f minutes: %,d steps, %,d images shown (%.0f images/s)",
                        seconds / 60,
                        curve.steps(),
                        curve.imagesShown(),
                        curve.imagesShown() / seconds));
        facts.put(
                "Settings",
                String.format(
                        Locale.ROOT,
                        "batch %d, learning rate %s, seed %d",
                        run.training().batch(),
                        run.training().optimizer().learningRate(),
                        run.training().seed()));
        facts.put("Last loss", String.format(Locale.ROOT, "%.4f (smoothed, per pixel and channel)", curve.last()));
        facts.put(
                "Ran on",
                run.engine() + " engine, " + Runtime.getRuntime().availableProcessors() + " cores, Java "
                        + Runtime.version().feature() + ", " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch"));
        return facts;
    }

    /** Each size, as a share of the image's sides or in pixels, with how much of the run it has. */
    private static String patches(TrainingRun run) {
        String sizes = run.patchSizes().shares().stream()
                .filter(share -> share.probability() > 0)
                .map(share -> String.format(
                        Locale.ROOT,
                        "%s%s: %.1f%%",
                        share.side(),
                        share.side() instanceof PatchDistribution.Pixels ? " pixels" : "",
                        100 * share.probability()))
                .collect(Collectors.joining(", "));
        return sizes
                + (run.training().patches().progressive() ? " of the images, from small to large" : " of the steps");
    }

    private static String network(UNetConfig network, long parameters) {
        String levels = network.channelMult().stream()
                .map(multiplier -> String.valueOf(multiplier * network.modelChannels()))
                .collect(Collectors.joining(", "));
        String attention =
                network.attnResolutions().stream().map(String::valueOf).collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "%s U-Net of %,d parameters: channels %s, residual blocks a level: %d, attention %s",
                family(network),
                parameters,
                levels,
                network.numBlocks(),
                attention.isEmpty() ? "none" : "at " + attention);
    }

    private static String family(UNetConfig network) {
        if (network.architecture() == UNetConfig.Architecture.DHARIWAL) {
            return "ADM";
        }
        return network.embedding() == UNetConfig.Embedding.FOURIER ? "NCSN++" : "DDPM++";
    }
}
