package org.patchdiffusion.train.samediff;

import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.MultiDataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Dropout;
import org.patchdiffusion.model.engine.DropoutMask;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.BatchSource;

/**
 * The batches of training for plain DL4J: {@code sd.fit(iterator, 1)} trains the {@link #lossGraph} of a model with
 * SameDiff's own updaters. The batches are the {@link Trainer}'s, bit for bit, as features in the order of {@link #features}.
 *
 * <p>A SameDiff graph has one shape, so the run has one patch size. It takes some ten times the time of the {@link Trainer}
 * and gives no average of the weights: it is for those who want to change how training goes. The trained weights are those
 * of the graph's variables. A {@link LossListener} tells the losses. Used by one thread at a time.
 */
public final class TrainingIterator implements MultiDataSetIterator {

    private static final long serialVersionUID = 1L;

    private final transient TrainingConfig config;
    private final transient DiffusionModel model;
    private final transient ImageDataset data;
    private final transient Graph graph;
    private final int batch;
    private final transient List<String> features;
    private final long steps;
    private transient BatchSource source;
    private transient MultiDataSetPreProcessor preProcessor;
    private long next;

    private TrainingIterator(
            TrainingConfig config, DiffusionModel model, ImageDataset data, Graph graph, int batch, long steps) {
        this.config = config;
        this.model = model;
        this.data = data;
        this.graph = graph;
        this.batch = batch;
        this.steps = steps;
        features = graph.sameDiff().variables().stream()
                .filter(variable -> variable.isPlaceHolder())
                .map(variable -> variable.name())
                .sorted()
                .toList();
        reset();
    }

    /**
     * The batches of a run.
     *
     * @param config of which the batch, patch size, seed and mirroring are used
     * @param model the model whose loss graph is trained
     * @param data the images
     * @param steps number of batches in a pass, at least 1
     * @throws IllegalArgumentException if there is more than one patch size, or images, network and patches do not fit
     */
    public static TrainingIterator of(TrainingConfig config, DiffusionModel model, ImageDataset data, long steps) {
        if (steps < 1) {
            throw new IllegalArgumentException("number of steps is " + steps + ", expected at least 1");
        }
        // Checks that images and network fit.
        Trainer.fresh(config, model, data).requireFit();
        PatchSizes sizes = BatchSource.patchSizes(
                config, model.config(), data.description().pixels());
        if (sizes.sizes().size() > 1) {
            throw new IllegalArgumentException("patch sizes are " + sizes.sizes()
                    + ", but a SameDiff graph has one shape; give one patch size, as 1/2:1 or 1:1");
        }
        PatchSize size = sizes.sizes().get(0);
        int batch = sizes.batch(config.batch(), size);
        return new TrainingIterator(
                config, model, data, model.lossGraph(batch, size.height(), size.width()), batch, steps);
    }

    /** The graph to train, whose placeholders the batches fill; its variables are the model's parameters. */
    public Graph lossGraph() {
        return graph;
    }

    /**
     * Names of the placeholders in the order of the features: what {@code dataSetFeatureMapping} wants. {@code noise} and
     * {@code y} are [B, C, h, w], {@code pos} [B, 2, h, w], {@code sigma} and {@code weight} [B]; with classes there are
     * {@code labels} [B, L], and with dropout its masks.
     */
    public List<String> features() {
        return features;
    }

    @Override
    public boolean hasNext() {
        return next < steps;
    }

    /** @throws NoSuchElementException after the last step */
    @Override
    public MultiDataSet next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the training batches ended after step " + steps);
        }
        // The arrays belong to the data set from here on.
        Map<String, INDArray> inputs = new HashMap<>(source.next().inputs());
        drawMasks(inputs, next++);
        INDArray[] arrays = features.stream().map(inputs::get).toArray(INDArray[]::new);
        MultiDataSet set = new org.nd4j.linalg.dataset.MultiDataSet(arrays, new INDArray[0]);
        if (preProcessor != null) {
            preProcessor.preProcess(set);
        }
        return set;
    }

    /** SameDiff needs as arrays what the engines draw themselves. */
    private void drawMasks(Map<String, INDArray> inputs, long step) {
        Map<String, long[]> shapes = DiffusionModel.dropoutShapes(graph);
        for (int layer = 0; layer < graph.dropouts().size(); layer++) {
            Dropout dropout = graph.dropouts().get(layer);
            INDArray mask = Nd4j.create(DataType.FLOAT, shapes.get(dropout.placeholder()));
            DropoutMask.fill(config.seed(), step, layer, dropout.rate(), mask);
            inputs.put(dropout.placeholder(), mask);
        }
    }

    /** @throws UnsupportedOperationException always: the graph has one batch size */
    @Override
    public MultiDataSet next(int number) {
        throw new UnsupportedOperationException("the graph takes batches of " + batch + "; call next()");
    }

    @Override
    public void setPreProcessor(MultiDataSetPreProcessor value) {
        preProcessor = value;
    }

    @Override
    public MultiDataSetPreProcessor getPreProcessor() {
        return preProcessor;
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    /**
     * No, as a precaution. SameDiff would have the batches made by a second thread, in a workspace that it writes over in a
     * circle, beside the native operations of the step. A step in {@code concat_bp} failed once in some twenty runs of that kind;
     * the cause was not found. Batches made on the caller's thread cost about a hundredth of the time.
     */
    @Override
    public boolean asyncSupported() {
        return false;
    }

    /** Starts over with the batch of step 0. */
    @Override
    public void reset() {
        next = 0;
        source = BatchSource.of(config, model.config(), data, 0);
    }

    private void writeObject(ObjectOutputStream out) throws NotSerializableException {
        throw new NotSerializableException("a TrainingIterator holds its images; build a new one");
    }
}
