package org.patchdiffusion.model;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Program;

/**
 * Denoises any number of whole images in runs of one fixed size, so that the result for an image never depends on how many
 * others are denoised with it. Not thread-safe.
 */
public final class BatchedDenoiser implements Denoiser, AutoCloseable {

    private final ModelConfig config;
    private final int microBatch;
    private final long[] imageShape;
    private final Program program;
    private final Map<String, INDArray> inputs;
    private INDArray result;

    private BatchedDenoiser(ModelConfig config, int microBatch, Program program, Map<String, INDArray> inputs) {
        this.config = config;
        this.microBatch = microBatch;
        this.program = program;
        this.inputs = inputs;
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
        INDArray pos = Nd4j.create(DataType.FLOAT, microBatch, UNetConfig.POSITION_CHANNELS, height, width);
        for (int i = 0; i < microBatch; i++) {
            pos.get(NDArrayIndex.point(i)).assign(positions.get(NDArrayIndex.point(0)));
        }
        inputs.put("pos", pos);
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
        return new BatchedDenoiser(config, microBatch, program, inputs);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a shape does not fit the model, or labels are missing or superfluous
     */
    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        check(x, sigma, labels);
        if (result == null || result.size(0) != x.size(0)) {
            free(result);
            result = Nd4j.create(DataType.FLOAT, x.shape());
        }
        for (long from = 0; from < x.size(0); from += microBatch) {
            long to = Math.min(from + microBatch, x.size(0));
            load("x", x, from, to);
            load("sigma", sigma, from, to);
            if (labels != null) {
                load("labels", labels, from, to);
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
        free(result);
    }
}
