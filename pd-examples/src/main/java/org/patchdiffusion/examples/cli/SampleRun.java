package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import me.tongfei.progressbar.ProgressBar;
import org.patchdiffusion.eval.ImageGrid;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.sample.SeedWorkers;
import org.patchdiffusion.files.Messages;

/** Draws seeds into files. */
final class SampleRun {
    private final Generators generators;
    private final SampleFolder folder;
    private final int batch;

    /** @param folder where images go, one a file; null for nowhere */
    SampleRun(Generators generators, SampleFolder folder, int batch) {
        this.generators = generators;
        this.folder = folder;
        this.batch = batch;
    }

    /**
     * What was done.
     *
     * @param drawn images that were drawn
     * @param kept images that were there
     * @param evaluations how often the sampler asked about each image
     * @param seconds from begin to end
     * @param ownShare what part of the time of all workers went into the sampler's own arithmetic
     */
    record Outcome(int drawn, int kept, int steps, int evaluations, double seconds, double ownShare) {
        String text() {
            String there = kept == 0 ? "" : ", " + Messages.count(kept, "image") + " were there";
            return drawn == 0
                    ? "nothing to draw" + there
                    : String.format(
                            Locale.ROOT,
                            "%s in %s (%s each), %.1f s, %.2f images/s, %.1f%% of the time for the sampler itself%s",
                            Messages.count(drawn, "image"),
                            Messages.count(steps, "step"),
                            Messages.count(evaluations, "evaluation"),
                            seconds,
                            drawn / seconds,
                            100 * ownShare,
                            there);
        }
    }

    /**
     * Draws.
     *
     * @param grid one picture of all images; null for none
     * @param strip one picture of the steps; null for none
     */
    Outcome draw(long[] seeds, Path grid, Path strip) throws IOException {
        long start = System.nanoTime();
        Map<Long, byte[]> pixels = new HashMap<>();
        long[] missing = missing(seeds, grid != null, pixels);
        Tally tally = new Tally();
        if (missing.length > 0) {
            drawMissing(missing, grid != null, pixels, tally);
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        if (grid != null) {
            List<byte[]> all = LongStream.of(seeds).mapToObj(pixels::get).toList();
            ImageGrid.ofColumns((int) Math.ceil(Math.sqrt(seeds.length))).write(grid, images(all));
        }
        if (strip != null) {
            new TrajectoryFiles(generators.all().get(0)).write(seeds, strip);
        }
        return new Outcome(
                missing.length,
                seeds.length - missing.length,
                generators.steps(),
                tally.evaluations,
                seconds,
                1 - tally.denoiserSeconds / Math.max(tally.seconds, Double.MIN_NORMAL));
    }

    /** What the batches took. */
    private static final class Tally {
        private int evaluations;
        private double seconds;
        private double denoiserSeconds;
    }

    private void drawMissing(long[] missing, boolean keep, Map<Long, byte[]> pixels, Tally tally) throws IOException {
        try (ProgressBar bar = Progress.bar("sampling", (long) missing.length * generators.steps(), " image steps")) {
            new SeedWorkers(generators.all())
                    .draw(missing, batch, (step, sigma, x, denoised) -> bar.stepBy(x.size(0)), (seeds, samples) -> {
                        Images images = Images.fromModelRange(samples.images());
                        tally.evaluations = samples.evaluations();
                        tally.seconds += samples.seconds();
                        tally.denoiserSeconds += samples.denoiserSeconds();
                        if (folder != null) {
                            folder.write(seeds, images);
                        }
                        for (int i = 0; i < seeds.length && keep; i++) {
                            pixels.put(seeds[i], images.pixels().get(i));
                        }
                    });
        }
    }

    /** The seeds without a whole file. */
    private long[] missing(long[] seeds, boolean keep, Map<Long, byte[]> pixels) throws IOException {
        LongStream.Builder missing = LongStream.builder();
        for (long seed : seeds) {
            Optional<byte[]> existing = folder == null ? Optional.empty() : folder.existing(seed);
            if (existing.isEmpty()) {
                missing.add(seed);
            } else if (keep) {
                pixels.put(seed, existing.get());
            }
        }
        return missing.build().distinct().toArray();
    }

    private Images images(List<byte[]> pixels) {
        long[] shape = generators.imageShape();
        return new Images((int) shape[0], (int) shape[1], (int) shape[2], pixels);
    }
}
