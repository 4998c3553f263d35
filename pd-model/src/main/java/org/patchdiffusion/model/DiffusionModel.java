package org.patchdiffusion.model;

import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.Dropout;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.unet.Init;
import org.patchdiffusion.model.unet.ParameterSink;
import org.patchdiffusion.model.unet.UNet;

/**
 * A configuration and the parameters that belong to it. The graphs of all sizes share the parameters: a change of the flat
 * buffer is seen by the next run of each of them.
 */
public final class DiffusionModel {

    private final ModelConfig config;
    private final Parameters parameters;

    private DiffusionModel(ModelConfig config, Parameters parameters) {
        this.config = config;
        this.parameters = parameters;
    }

    /**
     * A new model, initialised as the code base of Karras et al. 2022 does (appendix F.4): SONG by Xavier-uniform
     * weights and zero biases, last layers scaled by 1e-5 and attention by sqrt(0.2); DHARIWAL by Kaiming-uniform weights
     * and biases with zero last layers.
     *
     * @param random read once per random element, in the order of the layout
     */
    public static DiffusionModel create(ModelConfig config, RandomGenerator random) {
        Parameters parameters = Parameters.zeros(layout(config));
        new UNet(config.network()).declare(new ParameterSink() {
            @Override
            public void parameter(String name, Init init, long... storedShape) {
                INDArray view = parameters.view(name);
                try (INDArray values = Nd4j.createFromArray(init.values(Math.toIntExact(view.length()), random))) {
                    view.assign(values.reshape(view.shape()));
                }
            }

            @Override
            public void buffer(String name, Init init, long... storedShape) {
                parameter(name, init, storedShape);
            }
        });
        return new DiffusionModel(config, parameters);
    }

    /**
     * A model with given parameters, which it shares with the caller.
     *
     * @throws IllegalArgumentException if the parameters have another layout than the configuration asks for
     */
    public static DiffusionModel of(ModelConfig config, Parameters parameters) {
        ParameterLayout expected = layout(config);
        if (!expected.equals(parameters.layout())) {
            throw new IllegalArgumentException("the parameters do not fit the configuration: it asks for "
                    + expected.length() + " elements in " + expected.entries().size() + " tensors, given are "
                    + parameters.layout().length() + " in "
                    + parameters.layout().entries().size() + ", or names and shapes differ");
        }
        return new DiffusionModel(config, parameters);
    }

    /** The parameters that a configuration asks for, in the order of the official state dict; allocates no weights. */
    public static ParameterLayout layout(ModelConfig config) {
        ParameterLayout.Builder builder = ParameterLayout.builder();
        new UNet(config.network()).declare(new ParameterSink() {
            @Override
            public void parameter(String name, Init init, long... storedShape) {
                builder.add(name, storedShape);
            }

            @Override
            public void buffer(String name, Init init, long... storedShape) {
                builder.addBuffer(name, storedShape);
            }
        });
        return builder.build();
    }

    /** The configuration. */
    public ModelConfig config() {
        return config;
    }

    /** The parameters; writing to them changes the model. */
    public Parameters parameters() {
        return parameters;
    }

    /**
     * The graph of D(x; sigma, pos, labels) for one batch size and image size.
     *
     * <p>Placeholders: {@code x} [B, C, H, W], {@code sigma} [B], {@code pos} [B, 2, H, W]; {@code labels} [B, labelDim] and
     * {@code augment_labels} [B, augmentDim] if the model has them. Output: {@code D} [B, C, H, W].
     *
     * @throws IllegalArgumentException if a side is not a multiple of 2^(levels - 1)
     */
    public Graph denoiserGraph(int batch, int height, int width) {
        return new ModelGraphs(config, parameters).denoiser(batch, height, width);
    }

    /**
     * The graph of the training loss for one batch size and patch size: sum over the batch and the pixels of
     * weight * (D(y + noise * sigma; sigma, pos, labels) - y)^2, divided by B (Karras et al. 2022, eq. 8).
     *
     * <p>Placeholders: {@code y} [B, C, H, W] in [-1, 1], {@code noise} (standard normal) of the same shape, {@code sigma} [B],
     * {@code weight} [B], {@code pos} [B, 2, H, W], labels as in {@link #denoiserGraph}, and, if the network has dropout, a
     * mask for each block, which programs draw themselves ({@link Graph#dropouts}). Outputs: {@code loss_per_image} [B] and {@code loss}.
     *
     * @throws IllegalArgumentException if a side is not a multiple of 2^(levels - 1)
     */
    public Graph lossGraph(int batch, int height, int width) {
        return new ModelGraphs(config, parameters).loss(batch, height, width);
    }

    /**
     * Names and shapes of the loss graph's dropout masks, for those who want to give them to a run. An element is 0 with the network's dropout probability p, else
     * 1 / (1 - p). Empty if the network has no dropout.
     */
    public static Map<String, long[]> dropoutShapes(Graph lossGraph) {
        Map<String, long[]> shapes = new TreeMap<>();
        for (Dropout dropout : lossGraph.dropouts()) {
            String name = dropout.placeholder();
            shapes.put(name, lossGraph.sameDiff().getVariable(name).placeholderShape());
        }
        return shapes;
    }

    /**
     * A denoiser of whole images, compiled once; close it after use.
     *
     * @param microBatch images of one run; other numbers of images are cut into runs of that many, the last one padded
     * @param wholeImagePositions position channels {@code [1, 2, H, W]} (a longer axis 0 is ignored), float32; they also set
     *     the size of the images
     */
    public BatchedDenoiser denoiser(Engine engine, int microBatch, INDArray wholeImagePositions) {
        return BatchedDenoiser.compile(this, engine, microBatch, wholeImagePositions);
    }
}
