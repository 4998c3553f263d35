package org.patchdiffusion.train.step;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.MemoryShortageException;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.OptimizerSettings;
import org.patchdiffusion.train.config.TrainingConfig;

/**
 * One step: loss and gradient of a batch, then learning rate and averaging weight of the moment, Adam, EMA, and the
 * counters. Not thread-safe.
 */
public final class TrainStep implements AutoCloseable {
    private final TrainingState state;
    private final int channels;
    private final Schedule schedule;
    private final GradientSource source;
    private final Gradients gradients;
    private final AdamEma optimizer;

    /**
     * Prepares to train a model.
     *
     * @param model what the weights of the state are those of
     * @param state what the steps change
     * @param engine executes the loss graphs; the optimizer takes as many threads
     */
    public TrainStep(TrainingConfig config, ModelConfig model, TrainingState state, Engine engine) {
        this(config, model, state, engine, null);
    }

    /**
     * The same with the programs of a run compiled at once, so that they share their memory.
     *
     * @param sizes the patch sizes of the run; null compiles each program when it is first needed
     * @throws org.patchdiffusion.model.engine.MemoryShortageException if there is not the memory for them
     */
    public TrainStep(TrainingConfig config, ModelConfig model, TrainingState state, Engine engine, PatchSizes sizes) {
        this(config, model, state, gradients(config, model, state, engine, sizes), engine.threads());
    }

    /**
     * Prepares to train by gradients that are computed elsewhere.
     *
     * @param source computes the gradients at the weights of the state; closed with this
     * @param threads of the optimizer, at least 1
     */
    public TrainStep(
            TrainingConfig config, ModelConfig model, TrainingState state, GradientSource source, int threads) {
        this.state = state;
        this.channels = model.channels();
        this.schedule = Schedule.of(config);
        this.source = source;
        this.gradients = source.newGradients();
        OptimizerSettings adam = config.optimizer();
        this.optimizer = new AdamEma(adam.beta1(), adam.beta2(), adam.epsilon(), threads);
    }

    private static GradientSource gradients(
            TrainingConfig config, ModelConfig model, TrainingState state, Engine engine, PatchSizes sizes) {
        GradientSource whole = new GraphGradients(
                DiffusionModel.of(model, state.parameters()),
                engine,
                config.seed(),
                sizes == null ? List.of() : shapes(config, sizes));
        return config.parts() == 1 ? whole : new PartedGradients(whole, config.parts());
    }

    /** Whether the programs of such a run find their memory now. They are compiled for it, and freed. */
    public static boolean fits(TrainingConfig config, ModelConfig model, Engine engine, PatchSizes sizes) {
        Parameters weights = Parameters.zeros(DiffusionModel.layout(model));
        try {
            new GraphGradients(DiffusionModel.of(model, weights), engine, config.seed(), shapes(config, sizes)).close();
            return true;
        } catch (MemoryShortageException e) {
            return false;
        } finally {
            weights.flat().close();
        }
    }

    /** Every patch size with every size of a part of its batch: parts differ by one image at most. */
    private static List<GraphGradients.Shape> shapes(TrainingConfig config, PatchSizes sizes) {
        int parts = config.parts();
        Set<GraphGradients.Shape> shapes = new LinkedHashSet<>();
        for (PatchSize patch : sizes.sizes()) {
            long images = sizes.batch(config.batch(), patch);
            for (int i = 0; i < parts; i++) {
                shapes.add(new GraphGradients.Shape((int) (images * (i + 1) / parts - images * i / parts), patch));
            }
        }
        return List.copyOf(shapes);
    }

    /** Takes a step on a batch, which stays the caller's to close. */
    public StepResult apply(TrainBatch batch) {
        return update(batch, gradient(batch));
    }

    /** The first half of a step: computes the gradient, and gives the loss. Changes nothing of the state. */
    public BatchLoss gradient(TrainBatch batch) {
        return source.compute(batch, state.steps(), gradients);
    }

    /** The second half: moves the weights along the gradient that was computed last. */
    public StepResult update(TrainBatch batch, BatchLoss loss) {
        long before = state.images();
        double learningRate = schedule.learningRateAt(before);
        long replaced =
                optimizer.apply(state, gradients, learningRate, schedule.emaBetaAt(before, batch.expectedImages()));
        state.advance(Schedule.counted(batch.expectedImages()));
        double elements =
                (double) channels * batch.patch().height() * batch.patch().width();
        return new StepResult(
                state.steps() - 1,
                state.images(),
                batch.patch(),
                batch.size(),
                loss.mean(),
                loss.mean() / elements,
                learningRate,
                perImage(batch, loss, elements),
                replaced);
    }

    private static List<ImageLoss> perImage(TrainBatch batch, BatchLoss loss, double elements) {
        INDArray sigma = batch.inputs().get("sigma");
        return IntStream.range(0, loss.perImage().length)
                .mapToObj(i -> new ImageLoss(sigma.getDouble(i), loss.perImage()[i] / elements))
                .toList();
    }

    /** Frees the programs, ends the optimizer's threads, then frees the gradients that both use. */
    @Override
    public void close() {
        source.close();
        optimizer.close();
        gradients.parts().forEach(INDArray::close);
    }
}
