package org.patchdiffusion.model;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Program;

/**
 * Denoises any number of whole images, or of patches at places of their own, in runs of one fixed size, so that the result for
 * an image never depends on how many others are denoised with it. One thread at a time may use it; a second one is refused.
 */
public final class BatchedDenoiser implements Denoiser, PatchDenoiser, AutoCloseable {

    private final ModelConfig config;
    private final int microBatch;
    private final long[] imageShape;
    private final Program program;
    private final Map<String, INDArray> inputs;
    private final INDArray ownPositions;
    private final AtomicBoolean busy = new AtomicBoolean();
    private boolean atOwnPlace;
    private INDArray result;

    private BatchedDenoiser(
            ModelConfig config, int microBatch, Program program, Map<String, INDArray> inputs, INDArray ownPositions) {
        this.config = config;
        this.microBatch = microBatch;
        this.program = program;
        this.inputs = inputs;
        this.ownPositions = ownPositions;
        this.imageShape = inputs.get("x").shape();
    }

    static BatchedDenoiser compile(DiffusionModel model, Engine engine, int microBatch, INDArray positions) {
        if (positions.rank() != 4 || positions.size(1) != UNetConfig.POSITION_CHANNELS) {
            throw new IllegalArgumentException(
                    "the position channels of a whole image must have the shape [1, 2, H, W], not "
                            + Arrays.toString(positions.shape()));
        }
        int height = (int) positions.size(2);
        int width = (int) positions.size(3);
        ModelConfig config = model.config();
        Program program = engine.compile(model.denoiserGraph(microBatch, height, width));
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put("x", Nd4j.create(DataType.FLOAT, microBatch, config.channels(), height, width));
        inputs.put("sigma", Nd4j.create(DataType.FLOAT, microBatch));
        inputs.put("pos", Nd4j.create(DataType.FLOAT, microBatch, UNetConfig.POSITION_CHANNELS, height, width));
        if (config.network().labelDim() > 0) {
            inputs.put(
                    "labels",
                    Nd4j.create(DataType.FLOAT, microBatch, config.network().labelDim()));
        }
        if (config.network().augmentDim() > 0) {
            // Zeros: the images are to look as if not augmented.
            inputs.put(
                    "augment_labels",
                    Nd4j.create(DataType.FLOAT, microBatch, config.network().augmentDim()));
        }
        INDArray own = positions
                .get(NDArrayIndex.interval(0, 1))
                .castTo(DataType.FLOAT)
                .dup('c');
        return new BatchedDenoiser(config, microBatch, program, inputs, own);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a shape does not fit the model, or labels are missing or superfluous
     * @throws IllegalStateException if another thread is denoising with it
     */
    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        return exclusively(x, sigma, labels, null);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a shape does not fit the model, or labels are missing or superfluous
     * @throws IllegalStateException if another thread is denoising with it
     */
    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels, INDArray positions) {
        expect("positions", positions, x.size(0), UNetConfig.POSITION_CHANNELS, imageShape[2], imageShape[3]);
        return exclusively(x, sigma, labels, positions);
    }

    private INDArray exclusively(INDArray x, INDArray sigma, INDArray labels, INDArray positions) {
        check(x, sigma, labels);
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("two threads denoise with one denoiser; make one for each thread");
        }
        try {
            return run(x, sigma, labels, positions);
        } finally {
            busy.set(false);
        }
    }

    private INDArray run(INDArray x, INDArray sigma, INDArray labels, INDArray positions) {
        if (result == null || result.size(0) != x.size(0)) {
            free(result);
            result = Nd4j.create(DataType.FLOAT, x.shape());
        }
        if (positions == null && !atOwnPlace) {
            // Both for the first call and for the one after patches elsewhere.
            for (int i = 0; i < microBatch; i++) {
                rows(inputs.get("pos"), i, i + 1).assign(ownPositions);
            }
        }
        atOwnPlace = positions == null;
        for (long from = 0; from < x.size(0); from += microBatch) {
            long to = Math.min(from + microBatch, x.size(0));
            load("x", x, from, to);
            load("sigma", sigma, from, to);
            if (labels != null) {
                load("labels", labels, from, to);
            }
            if (positions != null) {
                load("pos", positions, from, to);
            }
            INDArray denoised = program.forward(inputs).get("D");
            rows(result, from, to).assign(rows(denoised, 0, to - from));
        }
        return result;
    }

    private void check(INDArray x, INDArray sigma, INDArray labels) {
        long n = x.size(0);
        expect("x", x, n, imageShape[1], imageShape[2], imageShape[3]);
        expect("sigma", sigma, n);
        int labelDim = config.network().labelDim();
        if (labelDim > 0 && labels == null) {
            throw new IllegalArgumentException(
                    "the model is conditional: pass labels of shape [" + n + ", " + labelDim + "], zeros for no class");
        }
        if (labelDim == 0 && labels != null) {
            throw new IllegalArgumentException("the model is unconditional: pass no labels");
        }
        if (labels != null) {
            expect("labels", labels, n, labelDim);
        }
    }

    private static void expect(String name, INDArray array, long... shape) {
        if (!Arrays.equals(array.shape(), shape) || array.dataType() != DataType.FLOAT) {
            throw new IllegalArgumentException(name + " must be a float32 array of shape " + Arrays.toString(shape)
                    + ", not " + array.dataType() + " of shape " + Arrays.toString(array.shape()));
        }
    }

    // A short last chunk is filled up with copies of its first row, whose results are dropped.
    private void load(String name, INDArray source, long from, long to) {
        INDArray target = inputs.get(name);
        rows(target, 0, to - from).assign(rows(source, from, to));
        for (long i = to - from; i < microBatch; i++) {
            rows(target, i, i + 1).assign(rows(source, from, from + 1));
        }
    }

    private static INDArray rows(INDArray array, long from, long to) {
        return array.get(NDArrayIndex.interval(from, to));
    }

    private static void free(INDArray array) {
        if (array != null && array.closeable()) {
            array.close();
        }
    }

    /** Frees the program and the buffers, the last result included. */
    @Override
    public void close() {
        program.close();
        inputs.values().forEach(BatchedDenoiser::free);
        free(ownPositions);
        free(result);
    }
}
