package org.patchdiffusion.model;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.engine.Dropout;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.precond.Coefficients;
import org.patchdiffusion.model.unet.Feature;
import org.patchdiffusion.model.unet.GraphContext;
import org.patchdiffusion.model.unet.UNet;

/** Builds the graphs of a model: preconditioning and loss around the network. */
final class ModelGraphs {

    private final ModelConfig config;
    private final Parameters parameters;

    ModelGraphs(ModelConfig config, Parameters parameters) {
        this.config = config;
        this.parameters = parameters;
    }

    Graph denoiser(int batch, int height, int width) {
        check(batch, height, width);
        GraphContext g = GraphContext.create(parameters, batch, false);
        SDVariable x = g.sd().placeHolder("x", DataType.FLOAT, batch, config.channels(), height, width);
        SDVariable sigma = g.sd().placeHolder("sigma", DataType.FLOAT, batch);
        denoise(g, new Feature(x, config.channels(), height, width), sigma);
        return new Graph(g.sd(), parameters, List.of("D"), null);
    }

    Graph loss(int batch, int height, int width) {
        check(batch, height, width);
        GraphContext g = GraphContext.create(parameters, batch, config.network().dropout() > 0);
        SameDiff sd = g.sd();
        int channels = config.channels();
        SDVariable y = sd.placeHolder("y", DataType.FLOAT, batch, channels, height, width);
        SDVariable noise = sd.placeHolder("noise", DataType.FLOAT, batch, channels, height, width);
        SDVariable sigma = sd.placeHolder("sigma", DataType.FLOAT, batch);
        SDVariable weight = sd.placeHolder("weight", DataType.FLOAT, batch);
        SDVariable x = y.add(noise.mul(perImage(g, sigma)));
        SDVariable error =
                denoise(g, new Feature(x, channels, height, width), sigma).sub(y);
        SDVariable weighted = error.mul(error).mul(perImage(g, weight));
        SDVariable perImage = sd.sum("loss_per_image", weighted, 1, 2, 3);
        SDVariable loss = sd.sum(perImage).mul("loss", 1.0 / batch);
        sd.setLossVariables(loss.name());
        return new Graph(sd, parameters, List.of("loss", "loss_per_image"), "loss", dropouts(sd));
    }

    /** In the order of their names, which no change of SameDiff's own order can touch. */
    private List<Dropout> dropouts(SameDiff sd) {
        double rate = config.network().dropout();
        return sd.variables().stream()
                .filter(v -> v.isPlaceHolder() && v.name().startsWith(UNet.DROPOUT_PREFIX))
                .map(SDVariable::name)
                .sorted()
                .map(name -> new Dropout(name, rate))
                .toList();
    }

    private void check(int batch, int height, int width) {
        if (batch < 1) {
            throw new IllegalArgumentException("a batch must hold at least one image, not " + batch);
        }
        config.network().checkSize(height, width);
    }

    /** D = c_skip x + c_out F(concat(c_in x, pos); c_noise, labels) (eq. 7; section 3.2 of the Patch Diffusion paper). */
    private SDVariable denoise(GraphContext g, Feature x, SDVariable sigma) {
        SameDiff sd = g.sd();
        UNetConfig network = config.network();
        SDVariable pos =
                sd.placeHolder("pos", DataType.FLOAT, g.batch(), UNetConfig.POSITION_CHANNELS, x.height(), x.width());
        SDVariable labels = vector(g, "labels", network.labelDim());
        SDVariable augment = vector(g, "augment_labels", network.augmentDim());
        Coefficients c = config.preconditioning().coefficients(sd, sigma, g.batch());
        SDVariable input = sd.concat(1, x.value().mul(perImage(g, c.in())), pos);
        Feature image = new Feature(input, network.inChannels(), x.height(), x.width());
        Feature f = new UNet(network).apply(g, image, new UNet.Inputs(c.noise(), labels, augment));
        SDVariable scaled = firstChannels(g, f, x.channels()).mul(perImage(g, c.out()));
        return x.value().mul(perImage(g, c.skip())).add("D", scaled);
    }

    private static SDVariable firstChannels(GraphContext g, Feature f, int channels) {
        if (f.channels() == channels) {
            return f.value();
        }
        long[] end = {g.batch(), channels, f.height(), f.width()};
        return g.sd().stridedSlice(f.value(), new long[4], end, 1, 1, 1, 1);
    }

    private static SDVariable vector(GraphContext g, String name, int width) {
        return width == 0 ? null : g.sd().placeHolder(name, DataType.FLOAT, g.batch(), width);
    }

    private static SDVariable perImage(GraphContext g, SDVariable values) {
        return g.sd().reshape(values, g.batch(), 1, 1, 1);
    }
}
