package org.patchdiffusion.examples.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.Crop;
import org.patchdiffusion.data.PatchCropper;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Positions;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.precond.NoiseLevel;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.StepResult;
import org.patchdiffusion.train.step.TrainBatch;
import org.patchdiffusion.train.step.TrainStep;

/** Some training iterations with recorded inputs and draws: losses, weights, averages and Adam's moments. */
final class TrainingCase implements CaseKind {

    @Override
    public String prefix() {
        return "training";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        return golden.settings().has("iterations") && golden.settings().has("batch_mul_avg");
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) {
        Engine engine = engines.main();
        Bars bars = VerificationEngines.bars(engine);
        DiffusionModel start = GoldenModel.of(golden, "network", "param0.");
        TrainingConfig config = config(golden);
        double expectedImages = config.batch() * golden.setting("batch_mul_avg").asDouble();
        TrainingState state = TrainingState.start(start.parameters());
        DiffusionModel model = DiffusionModel.of(start.config(), state.parameters());
        List<Check> checks = new ArrayList<>();
        try (TrainStep step = new TrainStep(config, model.config(), state, engine)) {
            for (JsonNode iteration : golden.setting("iterations")) {
                String it = "it" + iteration.path("iteration").asInt();
                StepResult result;
                try (TrainBatch batch =
                        batch(golden, it, iteration.path("patch").asInt(), model, expectedImages)) {
                    result = step.apply(batch);
                }
                double[] loss = {result.loss()};
                double[] rate = {result.learningRate()};
                checks.add(new Check(
                        it + ": loss",
                        Errors.relative(
                                loss, new double[] {iteration.path("loss").asDouble()}),
                        bars.output()));
                checks.add(new Check(
                        it + ": learning rate",
                        Errors.relative(rate, new double[] {iteration.path("lr").asDouble()}),
                        1e-12));
                compareIfRecorded(golden, it + ".param.", state.parameters(), true, bars, checks);
                compareIfRecorded(golden, it + ".ema.", state.ema(), true, bars, checks);
                compareIfRecorded(golden, it + ".adam_m.", state.firstMoment(), false, bars, checks);
                compareIfRecorded(golden, it + ".adam_v.", state.secondMoment(), false, bars, checks);
            }
        }
        return checks;
    }

    private static TrainingConfig config(GoldenCase golden) {
        JsonNode adam = golden.setting("adam");
        return TrainingConfig.builder()
                .batch(golden.setting("batch_size").asInt())
                .learningRate(golden.setting("lr").asDouble())
                .lrRampupKimg(golden.setting("lr_rampup_kimg").asDouble())
                .emaHalflifeKimg(golden.setting("ema_halflife_kimg").asDouble())
                .emaRampupRatio(golden.setting("ema_rampup_ratio").asDouble())
                .adamBeta1(adam.path(0).asDouble())
                .adamBeta2(adam.path(1).asDouble())
                .adamEpsilon(adam.path(2).asDouble())
                .build();
    }

    private static TrainBatch batch(
            GoldenCase golden, String it, int patch, DiffusionModel model, double expectedImages) {
        INDArray images = golden.array(it + ".images");
        double[] values = golden.doubles(it + ".images");
        double[] offsets = golden.doubles(it + ".offset_ij");
        double[] random = golden.doubles(it + ".rnd_normal");
        int count = (int) images.size(0);
        int channels = (int) images.size(1);
        int length = values.length / count;
        PatchSize size = new PatchSize(patch, patch);
        PatchCropper cropper = new PatchCropper(channels, (int) images.size(2), (int) images.size(3));
        float[] y = new float[count * channels * patch * patch];
        float[] pos = new float[count * Positions.CHANNELS * patch * patch];
        float[] sigma = new float[count];
        float[] weight = new float[count];
        for (int i = 0; i < count; i++) {
            byte[] image = new byte[length];
            for (int k = 0; k < length; k++) {
                image[k] = (byte) (int) values[i * length + k];
            }
            Crop crop = new Crop(i, false, (int) offsets[2 * i], (int) offsets[2 * i + 1]);
            cropper.pixels(image, crop, size, y, i * channels * patch * patch);
            cropper.positions(crop.top(), crop.left(), size, pos, i * Positions.CHANNELS * patch * patch);
            NoiseLevel level = model.config().preconditioning().draw(random[i]);
            sigma[i] = (float) level.sigma();
            weight[i] = (float) level.weight();
        }
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put("y", Nd4j.create(y, new long[] {count, channels, patch, patch}, 'c'));
        inputs.put("pos", Nd4j.create(pos, new long[] {count, Positions.CHANNELS, patch, patch}, 'c'));
        inputs.put("sigma", Nd4j.createFromArray(sigma));
        inputs.put("weight", Nd4j.createFromArray(weight));
        inputs.put("noise", golden.array(it + ".noise").castTo(DataType.FLOAT).dup('c'));
        return new TrainBatch(size, expectedImages, inputs);
    }

    /** Compares every tensor, or its change since the start, wherever the comparison is meaningful; reports the worst. */
    private static void compareIfRecorded(
            GoldenCase golden, String prefix, Parameters got, boolean change, Bars bars, List<Check> checks) {
        if (golden.arrays().keySet().stream().noneMatch(key -> key.startsWith(prefix))) {
            return;
        }
        Check worst = null;
        for (ParameterLayout.Entry entry : got.layout().entries()) {
            double[] want = stored(golden, prefix, entry);
            double[] start = change ? stored(golden, "param0.", entry) : new double[want.length];
            double[] comparable =
                    golden.has("comparable." + entry.name()) ? stored(golden, "comparable.", entry) : ones(want.length);
            double[] values = Errors.doubles(got.view(entry.name()));
            for (int i = 0; i < want.length; i++) {
                values[i] = comparable[i] * (values[i] - start[i]);
                want[i] = comparable[i] * (want[i] - start[i]);
            }
            double error = Errors.relative(values, want);
            if (worst == null || !(error <= worst.error())) {
                worst = new Check(prefix + " worst is " + entry.name(), error, bars.change());
            }
        }
        checks.add(worst);
    }

    private static double[] stored(GoldenCase golden, String prefix, ParameterLayout.Entry entry) {
        return Errors.doubles(GoldenModel.stored(entry, golden.array(prefix + entry.name())));
    }

    private static double[] ones(int length) {
        double[] ones = new double[length];
        Arrays.fill(ones, 1);
        return ones;
    }
}
