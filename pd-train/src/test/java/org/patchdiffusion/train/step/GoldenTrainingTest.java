package org.patchdiffusion.train.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;
import org.patchdiffusion.model.io.Npz;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.model.precond.NoiseLevel;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;

/** Five iterations with recorded inputs and draws against the official implementation in float64. */
class GoldenTrainingTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");
    private static final double CHANGE_BAR = 1e-3;
    private static final double LOSS_BAR = 1e-5;

    private final Map<String, INDArray> golden;
    private final JsonNode rules;
    private final ModelConfig modelConfig;

    GoldenTrainingTest() throws IOException {
        golden = Npz.read(FOLDER.resolve("training.npz"));
        rules = new ObjectMapper().readTree(FOLDER.resolve("training.json").toFile());
        JsonNode network = rules.get("network");
        List<Integer> multipliers = new ArrayList<>();
        network.get("channel_mult").forEach(m -> multipliers.add(m.asInt()));
        int resolution = network.get("img_resolution").asInt();
        UNetConfig unet = UNetConfig.ddpmpp(resolution, 3)
                .modelChannels(network.get("model_channels").asInt())
                .channelMult(multipliers)
                .numBlocks(network.get("num_blocks").asInt())
                .attnResolutions(List.of())
                .dropout(network.get("dropout").asDouble())
                .build();
        modelConfig = new ModelConfig(unet, EdmPreconditioning.standard(), resolution, resolution);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void weightsAverageMomentsAndLossFollowTheOfficialImplementation(Engine engine) {
        TrainingConfig config = TrainingConfig.builder()
                .batch(rules.get("batch_size").asInt())
                .learningRate(rules.get("lr").asDouble())
                .lrRampupKimg(rules.get("lr_rampup_kimg").asDouble())
                .emaHalflifeKimg(rules.get("ema_halflife_kimg").asDouble())
                .emaRampupRatio(rules.get("ema_rampup_ratio").asDouble())
                .build();
        double expectedImages = config.batch() * rules.get("batch_mul_avg").asDouble();
        TrainingState state = TrainingState.start(startingParameters());
        try (engine;
                TrainStep step = new TrainStep(config, modelConfig, state, engine)) {
            for (JsonNode iteration : rules.get("iterations")) {
                int n = iteration.get("iteration").asInt();
                StepResult result;
                try (TrainBatch batch = batch(n, iteration.get("patch").asInt(), expectedImages)) {
                    result = step.apply(batch);
                }
                double loss = iteration.get("loss").asDouble();
                assertEquals(loss, result.loss(), LOSS_BAR * loss, "loss of iteration " + n);
                assertEquals(iteration.get("lr").asDouble(), result.learningRate(), 1e-15);
                if (golden.containsKey("it" + n + ".param.model.map_layer0.weight")) {
                    assertChange("it" + n + ".param.", state.parameters());
                    assertChange("it" + n + ".ema.", state.ema());
                }
            }
        }
        for (ParameterLayout.Entry entry : state.parameters().layout().entries()) {
            assertClose("it4.adam_m.", entry, state.firstMoment(), null);
            assertClose("it4.adam_v.", entry, state.secondMoment(), null);
        }
        assertEquals(5, state.steps());
        assertEquals(35, state.images());
    }

    static List<Engine> engines() {
        List<Engine> engines = new ArrayList<>(List.of(Engines.byName("generic")));
        if (CompiledEngine.isAvailable()) {
            engines.add(Engines.byName("exact"));
            engines.add(Engines.byName("fast"));
        }
        return engines;
    }

    private Parameters startingParameters() {
        Parameters parameters = Parameters.zeros(DiffusionModel.layout(modelConfig));
        for (ParameterLayout.Entry entry : parameters.layout().entries()) {
            parameters.view(entry.name()).assign(stored(entry, golden.get("param0." + entry.name())));
        }
        return parameters;
    }

    /** An official array in the stored order of its axes. */
    private static INDArray stored(ParameterLayout.Entry entry, INDArray official) {
        return (entry.isKernel() ? official.permute(2, 3, 1, 0) : official).dup('c');
    }

    private TrainBatch batch(int n, int patch, double expectedImages) {
        INDArray images = golden.get("it" + n + ".images");
        INDArray offsets = golden.get("it" + n + ".offset_ij");
        INDArray normal = golden.get("it" + n + ".rnd_normal");
        int count = (int) images.size(0);
        INDArray y = Nd4j.create(DataType.FLOAT, count, 3, patch, patch);
        INDArray pos = Nd4j.create(DataType.FLOAT, count, 2, patch, patch);
        INDArray sigma = Nd4j.create(DataType.FLOAT, count);
        INDArray weight = Nd4j.create(DataType.FLOAT, count);
        for (int i = 0; i < count; i++) {
            int row = offsets.getInt(i, 0);
            int column = offsets.getInt(i, 1);
            y.get(NDArrayIndex.point(i))
                    .assign(images.get(
                                    NDArrayIndex.point(i),
                                    NDArrayIndex.all(),
                                    NDArrayIndex.interval(row, row + patch),
                                    NDArrayIndex.interval(column, column + patch))
                            .castTo(DataType.FLOAT)
                            .div(127.5)
                            .sub(1));
            for (int a = 0; a < patch; a++) {
                for (int b = 0; b < patch; b++) {
                    pos.putScalar(new int[] {i, 0, a, b}, ((column + b) / 31.0 - 0.5) * 2);
                    pos.putScalar(new int[] {i, 1, a, b}, ((row + a) / 31.0 - 0.5) * 2);
                }
            }
            NoiseLevel level = modelConfig.preconditioning().draw(normal.getDouble(i));
            sigma.putScalar(i, level.sigma());
            weight.putScalar(i, level.weight());
        }
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put("y", y);
        inputs.put("noise", golden.get("it" + n + ".noise"));
        inputs.put("sigma", sigma);
        inputs.put("weight", weight);
        inputs.put("pos", pos);
        return new TrainBatch(new PatchSize(patch, patch), expectedImages, inputs);
    }

    private void assertChange(String prefix, Parameters got) {
        for (ParameterLayout.Entry entry : got.layout().entries()) {
            assertClose(prefix, entry, got, golden.get("param0." + entry.name()));
        }
    }

    /** Compares one tensor, or its change since {@code start}, wherever the comparison is meaningful. */
    private void assertClose(String prefix, ParameterLayout.Entry entry, Parameters got, INDArray start) {
        double[] want = stored(entry, golden.get(prefix + entry.name()).castTo(DataType.DOUBLE))
                .data()
                .asDouble();
        double[] from = start == null
                ? new double[want.length]
                : stored(entry, start.castTo(DataType.DOUBLE)).data().asDouble();
        double[] comparable = stored(
                        entry, golden.get("comparable." + entry.name()).castTo(DataType.DOUBLE))
                .data()
                .asDouble();
        float[] values = got.view(entry.name()).dup('c').data().asFloat();
        double error = 0;
        double norm = 0;
        for (int i = 0; i < want.length; i++) {
            if (comparable[i] == 1) {
                error += Math.pow(values[i] - want[i], 2);
                norm += Math.pow(want[i] - from[i], 2);
            }
        }
        String name = prefix + entry.name();
        assertTrue(Math.sqrt(error) <= CHANGE_BAR * Math.sqrt(norm), () -> name + " is off");
    }
}
