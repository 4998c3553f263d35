package org.patchdiffusion.train.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.eval.EdmSamplerConfig;
import org.patchdiffusion.eval.ImageGrid;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.PngFiles;
import org.patchdiffusion.eval.SamplerListener;
import org.patchdiffusion.eval.SeededImages;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.train.StopSignal;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingRun;
import org.patchdiffusion.train.run.ArtifactNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Draws {@code samples-<kimg>.png} into the run's folder at each snapshot, with the averaged weights and the same seeds each
 * time, and {@code reals.png} with as many images of the data set once. Latents are no pictures: of them nothing is drawn, and
 * the log says so.
 */
public final class SampleSheets implements TrainingListener {
    private static final Logger LOG = LoggerFactory.getLogger(SampleSheets.class);

    private final Path folder;
    private final Engine engine;
    private final int count;
    private final ImageDataset reals;
    private final SamplerListener progress;
    private final Consumer<Images> drawnSamples;
    private StopSignal stop = StopSignal.NONE;
    private boolean pictures = true;

    private SampleSheets(Builder builder) {
        folder = builder.folder;
        engine = builder.engine;
        count = builder.count;
        reals = builder.reals;
        progress = builder.progress;
        drawnSamples = builder.drawnSamples;
    }

    /**
     * Starts a listener.
     *
     * @param folder the run's folder
     * @param engine draws the samples
     * @param count images on a sheet, at least 1
     * @throws IllegalArgumentException if there are to be none
     */
    public static Builder builder(Path folder, Engine engine, int count) {
        return new Builder(folder, engine, count);
    }

    @Override
    public void started(TrainingRun run) throws IOException {
        stop = run.stopping();
        int channels = run.model().channels();
        boolean latents = reals != null && reals.description().pixels() == PixelType.FLOAT32;
        pictures = !latents && (channels == 1 || channels == 3);
        if (!pictures) {
            LOG.warn("no samples are drawn: {} channels of latents are no picture", channels);
        } else if (reals != null) {
            PngFiles.write(folder.resolve(SheetShelf.REALS), grid().draw(realImages()));
        }
    }

    private ImageGrid grid() {
        return ImageGrid.ofColumns((int) Math.ceil(Math.sqrt(count)));
    }

    /** Images spread evenly over the data set. */
    private Images realImages() {
        List<byte[]> pixels = new ArrayList<>();
        int shown = Math.min(count, reals.size());
        for (int i = 0; i < shown; i++) {
            pixels.add(reals.image((int) ((long) i * reals.size() / shown)));
        }
        return new Images(reals.channels(), reals.height(), reals.width(), pixels);
    }

    @Override
    public void snapshot(long images, DiffusionModel model) throws IOException {
        if (!pictures) {
            return;
        }
        long[] seeds = LongStream.range(0, count).toArray();
        try (SeededImages drawing = new SeededImages(model, engine, EdmSamplerConfig.defaults())) {
            requireTime();
            Images drawn = drawing.draw(seeds, SeededImages.ANY_CLASS, (step, steps, sigma, x) -> {
                requireTime();
                progress.stepDone(step, steps, sigma, x);
            });
            grid().write(folder.resolve("samples-" + ArtifactNames.snapshot(folder, images) + ".png"), drawn);
            drawnSamples.accept(drawn);
        } catch (CancellationException e) {
            LOG.info("the samples at {} are not drawn: the run is to stop", Messages.count(images, "image"));
        }
    }

    /** Throws if the run waits to be stopped: its checkpoint comes first, and pictures can be drawn later. */
    private void requireTime() {
        if (stop.isStopping()) {
            throw new CancellationException();
        }
    }

    /** Collects what the sheets need. */
    public static final class Builder {
        private final Path folder;
        private final Engine engine;
        private final int count;
        private ImageDataset reals;
        private SamplerListener progress = SamplerListener.NONE;
        private Consumer<Images> drawnSamples = images -> {};

        private Builder(Path folder, Engine engine, int count) {
            if (count < 1) {
                throw new IllegalArgumentException("a sheet has " + count + " images, expected at least 1");
            }
            this.folder = folder;
            this.engine = engine;
            this.count = count;
        }

        /** Draws images of this data set beside the samples. It must be open while the run starts. */
        public Builder reals(ImageDataset value) {
            reals = value;
            return this;
        }

        /** Told of the sampler's steps: drawing can take a minute, in which the run would look hung. */
        public Builder progress(SamplerListener value) {
            progress = value;
            return this;
        }

        /** Given the images of each sheet, to measure them. */
        public Builder drawn(Consumer<Images> value) {
            drawnSamples = value;
            return this;
        }

        /** The listener. */
        public SampleSheets build() {
            return new SampleSheets(this);
        }
    }
}
