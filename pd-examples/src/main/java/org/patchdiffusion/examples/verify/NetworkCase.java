package org.patchdiffusion.examples.verify;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.precond.NoiseLevel;

/** A U-Net: denoised images of several sizes, the loss and its gradient, by every engine. */
final class NetworkCase implements CaseKind {

    @Override
    public String prefix() {
        return "unet-";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        return golden.settings().has("network") && golden.has("loss.y") && golden.has("loss.rnd_normal");
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) {
        DiffusionModel model = GoldenModel.of(golden);
        List<Check> checks = new ArrayList<>();
        if (golden.settings().has("params")) {
            long want = golden.settings().get("params").asLong();
            long got = model.parameters().layout().parameterCount();
            checks.add(new Check("number of parameters (difference)", Math.abs(got - want), 0));
        }
        for (Engine engine : engines.all()) {
            denoise(golden, model, engine, checks);
            differentiate(golden, model, engine, checks);
        }
        return checks;
    }

    private static void denoise(GoldenCase golden, DiffusionModel model, Engine engine, List<Check> checks) {
        for (String key : golden.arrays().keySet()) {
            if (!key.startsWith("in.") || !key.endsWith(".x")) {
                continue;
            }
            String size = key.substring("in.".length(), key.length() - ".x".length());
            INDArray x = golden.floats(key);
            Map<String, INDArray> inputs = labels(golden);
            inputs.put("x", x);
            inputs.put("sigma", golden.floats("in." + size + ".sigma"));
            inputs.put("pos", golden.floats("in." + size + ".pos"));
            INDArray want = golden.array("out." + size + ".D");
            try (Program program =
                    engine.compile(model.denoiserGraph((int) x.size(0), (int) x.size(2), (int) x.size(3)))) {
                double error = Errors.relative(program.forward(inputs).get("D"), want);
                checks.add(new Check(
                        engine.name() + ": D at " + size + " size",
                        error,
                        VerificationEngines.bars(engine).output()));
            }
        }
    }

    private static void differentiate(GoldenCase golden, DiffusionModel model, Engine engine, List<Check> checks) {
        INDArray y = golden.floats("loss.y");
        Bars bars = VerificationEngines.bars(engine);
        Gradients gradients = engine.newGradients(model.parameters().layout());
        try (Program program = engine.compile(model.lossGraph((int) y.size(0), (int) y.size(2), (int) y.size(3)))) {
            Map<String, INDArray> outputs = program.backward(lossInputs(golden, model), gradients);
            double[] loss = Errors.doubles(outputs.get("loss"));
            double[] perImage = Errors.doubles(outputs.get("loss_per_image"));
            checks.add(new Check(
                    engine.name() + ": loss", Errors.relative(loss, golden.doubles("loss.value")), bars.output()));
            checks.add(new Check(
                    engine.name() + ": loss of each image",
                    Errors.relative(perImage, golden.doubles("loss.per_image_sum")),
                    bars.output()));
            Parameters sum = new Parameters(gradients.layout(), gradients.sum());
            checks.addAll(new GradientChecks(golden, sum, engine.name(), bars).run());
            sum.flat().close();
        } finally {
            gradients.parts().forEach(INDArray::close);
        }
    }

    private static Map<String, INDArray> lossInputs(GoldenCase golden, DiffusionModel model) {
        Map<String, INDArray> inputs = labels(golden);
        inputs.put("y", golden.floats("loss.y"));
        inputs.put("noise", golden.floats("loss.noise"));
        inputs.put("pos", golden.floats("loss.pos"));
        double[] random = golden.doubles("loss.rnd_normal");
        INDArray sigma = Nd4j.create(DataType.FLOAT, random.length);
        INDArray weight = Nd4j.create(DataType.FLOAT, random.length);
        for (int i = 0; i < random.length; i++) {
            NoiseLevel level = model.config().preconditioning().draw(random[i]);
            sigma.putScalar(i, level.sigma());
            weight.putScalar(i, level.weight());
        }
        inputs.put("sigma", sigma);
        inputs.put("weight", weight);
        return inputs;
    }

    private static Map<String, INDArray> labels(GoldenCase golden) {
        Map<String, INDArray> inputs = new HashMap<>();
        Map.of("in.labels", "labels", "in.augment", "augment_labels").forEach((key, placeholder) -> {
            if (golden.has(key)) {
                inputs.put(placeholder, golden.floats(key));
            }
        });
        return inputs;
    }
}
