package org.patchdiffusion.train.watch;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.eval.DenoisingLoss;
import org.patchdiffusion.model.BatchedDenoiser;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.precond.NoiseLevel;
import org.patchdiffusion.model.precond.Preconditioning;
import org.patchdiffusion.train.StopReason;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingRun;
import org.patchdiffusion.train.checkpoint.TrainingState;

/**
 * Measures the denoising loss of held-out images with the averaged weights, always at the same noise levels and with the same
 * noise: where it rises while the training loss falls, the model learns its images by heart.
 *
 * <p>Gives {@code Validation/sigma/<value>} for each level and {@code Validation/loss}, their mean, both of whole images; and
 * {@code Validation/patch/<height>} for each smaller patch size that is trained on, of the middle of the images. The levels
 * stand for five equal parts of the training's own levels, so that the mean is comparable with the training loss.
 *
 * <p>Its programs are compiled at the first measurement and kept; close it when the run has ended, if that did not.
 */
public final class Validation implements TrainingListener, StatsSource, AutoCloseable {

    /** Standard normal quantiles of 0.1, 0.3, 0.5, 0.7 and 0.9: the middles of five parts of equal probability. */
    private static final double[] NORMAL = {-1.2815516, -0.5244005, 0, 0.5244005, 1.2815516};

    private static final double[] UNIFORM = {0.1, 0.3, 0.5, 0.7, 0.9};

    private static final int MICRO_BATCH = 8;
    private static final MathContext THREE_DIGITS = new MathContext(3);

    /** What is measured on one patch size, and the program for it. */
    private record Measure(PatchSize size, DenoisingLoss loss, BatchedDenoiser denoiser) implements AutoCloseable {
        @Override
        public void close() {
            denoiser.close();
        }
    }

    private final ImageDataset heldOut;
    private final Engine engine;
    private final int images;
    private final int everyTicks;

    private final List<Measure> measures = new ArrayList<>();
    private Parameters compiledFor;
    private TrainingRun run;
    private int ticks;
    private boolean isEnding;
    private Map<String, Stat> pending = Map.of();

    /**
     * Makes the listener.
     *
     * @param heldOut images that are not trained on, of the model's size and classes
     * @param engine computes the losses
     * @param images at most how many of them are measured, the first ones; at least 1
     * @param everyTicks interval in ticks; at least 1. The last tick of a run is measured too
     * @throws IllegalArgumentException if a number is out of range
     */
    public Validation(ImageDataset heldOut, Engine engine, int images, int everyTicks) {
        if (images < 1 || everyTicks < 1) {
            throw new IllegalArgumentException(
                    "validation of " + images + " images every " + everyTicks + " ticks, expected at least 1 of each");
        }
        this.heldOut = heldOut;
        this.engine = engine;
        this.images = images;
        this.everyTicks = everyTicks;
    }

    @Override
    public void started(TrainingRun started) {
        run = started;
        // A run that goes on is measured at the ticks at which it would have been without the stop.
        ticks = started.start().ticks();
        isEnding = false;
    }

    /** The end is measured whatever the interval, unless somebody waits for it. */
    @Override
    public void stopping(StopReason reason) {
        isEnding = reason != StopReason.REQUEST;
    }

    @Override
    public void evaluate(DiffusionModel averaged, TrainingState state) {
        ticks++;
        if (isEnding || ticks % everyTicks == 0) {
            pending = measure(averaged);
        }
    }

    @Override
    public Map<String, Stat> take() {
        Map<String, Stat> taken = pending;
        pending = Map.of();
        return taken;
    }

    private Map<String, Stat> measure(DiffusionModel averaged) {
        compile(averaged);
        Preconditioning preconditioning = averaged.config().preconditioning();
        double[] places = preconditioning.drawsNormal() ? NORMAL : UNIFORM;
        Map<String, Stat> stats = new LinkedHashMap<>();
        for (Measure measure : measures) {
            boolean whole = measure.size().height() == averaged.config().height();
            RunningStat all = new RunningStat();
            Map<String, Stat> levels = new LinkedHashMap<>();
            for (int i = 0; i < places.length; i++) {
                if (run.stopping().isStopping()) {
                    // The checkpoint is due first.
                    return Map.of();
                }
                NoiseLevel level = preconditioning.draw(places[i]);
                double[] losses = measure.loss().of(measure.denoiser(), level, i);
                for (double loss : losses) {
                    all.add(loss);
                }
                levels.put("Validation/sigma/" + name(level.sigma()), Stat.of(losses));
            }
            stats.put(
                    whole
                            ? "Validation/loss"
                            : "Validation/patch/" + measure.size().height(),
                    all.get());
            if (whole) {
                stats.putAll(levels);
            }
        }
        return stats;
    }

    private static String name(double sigma) {
        return new BigDecimal(sigma).round(THREE_DIGITS).stripTrailingZeros().toPlainString();
    }

    /** Programs see the weights through memory that the run keeps, so that they last as long as that. */
    private void compile(DiffusionModel averaged) {
        if (compiledFor == averaged.parameters()) {
            return;
        }
        close();
        ModelConfig model = averaged.config();
        int divisor = 1 << (model.network().levels() - 1);
        List<PatchSize> sizes = new ArrayList<>(PatchSizes.of(model.height(), model.width(), run.patchSizes(), divisor)
                .sizes());
        PatchSize whole = new PatchSize(model.height(), model.width());
        sizes.remove(whole);
        sizes.add(0, whole);
        for (PatchSize size : sizes) {
            DenoisingLoss loss = new DenoisingLoss(
                    heldOut,
                    images,
                    size,
                    model.network().labelDim() > 0,
                    run.training().seed());
            try (INDArray positions = loss.positions()) {
                measures.add(new Measure(size, loss, averaged.denoiser(engine, MICRO_BATCH, positions)));
            }
        }
        compiledFor = averaged.parameters();
    }

    @Override
    public void finished(StopReason reason) {
        close();
    }

    @Override
    public void failed(Exception cause) {
        close();
    }

    /** Frees the programs. */
    @Override
    public void close() {
        measures.forEach(Measure::close);
        measures.clear();
        compiledFor = null;
    }
}
