package org.patchdiffusion.examples.drawing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.LongStream;
import org.patchdiffusion.eval.EdmSamplerConfig;
import org.patchdiffusion.eval.ImageGrid;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.SamplerListener;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.train.ArtifactNames;
import org.patchdiffusion.train.TrainingListener;

/** Draws {@code samples-<kimg>.png} into the run directory at each snapshot, with the same seeds each time. */
public final class SampleSheets implements TrainingListener {
    private final Path folder;
    private final Engine engine;
    private final int count;

    /**
     * Makes the listener.
     *
     * @param folder the run directory
     * @param engine draws the samples
     * @param count images on a sheet, at least 1
     */
    public SampleSheets(Path folder, Engine engine, int count) {
        this.folder = folder;
        this.engine = engine;
        this.count = count;
    }

    @Override
    public void snapshot(long images, DiffusionModel model) throws IOException {
        long[] seeds = LongStream.range(0, count).toArray();
        try (SeededImages drawing = new SeededImages(model, engine, EdmSamplerConfig.defaults())) {
            Images drawn = drawing.draw(seeds, SeededImages.ANY_CLASS, SamplerListener.NONE);
            Path file = folder.resolve("samples-" + ArtifactNames.snapshot(folder, images) + ".png");
            ImageGrid.ofColumns((int) Math.ceil(Math.sqrt(count))).write(file, drawn);
        }
    }
}
