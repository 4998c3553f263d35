package org.patchdiffusion.model.engine.compiled;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.precond.EdmPreconditioning;

/** Small networks with every parameter away from zero, inputs for them, and ways to run them. */
final class Networks {

    private Networks() {}

    static DiffusionModel ddpmpp(int width, List<Integer> multipliers, double dropout) {
        UNetConfig network = UNetConfig.ddpmpp(16, 3)
                .modelChannels(width)
                .channelMult(multipliers)
                .numBlocks(1)
                .attnResolutions(List.of(8))
                .dropout(dropout)
                .build();
        return model(network);
    }

    static DiffusionModel model(UNetConfig network) {
        ModelConfig config =
                new ModelConfig(network, EdmPreconditioning.standard(), network.resolution(), network.resolution());
        SplittableRandom random = new SplittableRandom(7);
        DiffusionModel model = DiffusionModel.create(config, random);
        INDArray flat = model.parameters().flat();
        float[] values = flat.toFloatVector();
        for (int i = 0; i < values.length; i++) {
            values[i] += 0.05f * (float) random.nextGaussian();
        }
        flat.assign(Nd4j.createFromArray(values));
        return model;
    }

    static Map<String, INDArray> lossInputs(DiffusionModel model, int batch, int height, int width) {
        SplittableRandom random = new SplittableRandom(11);
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put("y", gaussian(random, batch, 3, height, width));
        inputs.put("noise", gaussian(random, batch, 3, height, width));
        inputs.put("pos", gaussian(random, batch, 2, height, width));
        inputs.put("sigma", gaussian(random, batch).muli(0.3).addi(1.5));
        inputs.put("weight", gaussian(random, batch).muli(0.3).addi(3));
        DiffusionModel.dropoutShapes(model.lossGraph(batch, height, width))
                .forEach((name, shape) ->
                        inputs.put(name, gaussian(random, shape).gt(-1).castTo(DataType.FLOAT)));
        return inputs;
    }

    private static INDArray gaussian(SplittableRandom random, long... shape) {
        float[] values = new float[(int) java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Nd4j.createFromArray(values).reshape(shape);
    }

    /** Loss, per-image losses and gradient of one run, as copies. */
    record Result(double loss, INDArray perImage, INDArray gradient, ParameterLayout layout) {

        /** The largest relative error of a parameter's gradient: in one norm over all, small ones would hide. */
        double gradientError(Result want) {
            return layout.entries().stream()
                    .mapToDouble(entry -> relativeError(part(entry), want.part(entry)))
                    .max()
                    .orElseThrow();
        }

        private INDArray part(ParameterLayout.Entry entry) {
            return gradient.get(NDArrayIndex.interval(entry.offset(), entry.offset() + entry.length()));
        }
    }

    static Result lossAndGradient(Engine engine, DiffusionModel model, int batch, int height, int width) {
        Gradients gradients = engine.newGradients(model.parameters().layout());
        try (Program program = engine.compile(model.lossGraph(batch, height, width))) {
            Map<String, INDArray> outputs = program.backward(lossInputs(model, batch, height, width), gradients);
            return new Result(
                    outputs.get("loss").getDouble(0),
                    outputs.get("loss_per_image").dup(),
                    gradients.sum(),
                    model.parameters().layout());
        }
    }

    static double relativeError(INDArray got, INDArray want) {
        INDArray exact = want.castTo(DataType.DOUBLE);
        return got.castTo(DataType.DOUBLE).sub(exact).norm2Number().doubleValue()
                / exact.norm2Number().doubleValue();
    }

    /** The accuracies that this machine has. */
    static List<Accuracy> accuracies() {
        return Arrays.stream(Accuracy.values())
                .filter(CompiledEngine::isAvailable)
                .toList();
    }
}
