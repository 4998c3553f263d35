package org.patchdiffusion.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.SameDiffEngine;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.model.precond.IddpmPreconditioning;
import org.patchdiffusion.model.precond.Preconditioning;
import org.patchdiffusion.model.testing.Golden;

class DiffusionModelTest {

    private final SplittableRandom random = new SplittableRandom(5);

    private static UNetConfig.Builder small() {
        return UNetConfig.ddpmpp(16, 3)
                .modelChannels(16)
                .channelMult(List.of(1, 2))
                .numBlocks(1)
                .attnResolutions(List.of(8))
                .dropout(0);
    }

    private DiffusionModel model(UNetConfig network, Preconditioning preconditioning) {
        int side = network.resolution();
        return DiffusionModel.create(new ModelConfig(network, preconditioning, side, side), random);
    }

    private DiffusionModel model(UNetConfig network) {
        return model(network, EdmPreconditioning.standard());
    }

    private INDArray normal(long... shape) {
        INDArray array = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, random.nextGaussian());
        }
        return array;
    }

    private Map<String, INDArray> lossInputs(Graph graph) {
        Map<String, INDArray> inputs = new HashMap<>();
        graph.sameDiff().variables().stream().filter(v -> v.isPlaceHolder()).forEach(v -> {
            INDArray values = normal(v.placeholderShape());
            boolean positive = v.name().equals("sigma") || v.name().equals("weight");
            inputs.put(v.name(), positive ? values.muli(0.1).addi(1) : values);
        });
        DiffusionModel.dropoutShapes(graph)
                .forEach((name, shape) -> inputs.put(name, Nd4j.ones(DataType.FLOAT, shape)));
        return inputs;
    }

    private static Parameters gradients(DiffusionModel model, Graph graph, Map<String, INDArray> inputs) {
        SameDiffEngine engine = new SameDiffEngine();
        Gradients gradients = engine.newGradients(model.parameters().layout());
        engine.compile(graph).backward(inputs, gradients);
        return new Parameters(gradients.layout(), gradients.sum());
    }

    @Test
    void graphsReadTheFlatBufferItself() {
        DiffusionModel model = model(small().build());
        Graph graph = model.lossGraph(2, 8, 8);
        Map<String, INDArray> inputs = lossInputs(graph);
        double before = graph.sameDiff().outputSingle(inputs, "loss").getDouble(0);
        INDArray gradientBefore = gradients(model, graph, inputs).flat();
        model.parameters()
                .flat()
                .addi(normal(model.parameters().flat().length()).muli(0.01));
        double after = graph.sameDiff().outputSingle(inputs, "loss").getDouble(0);
        INDArray gradientAfter = gradients(model, graph, inputs).flat();

        DiffusionModel copy =
                DiffusionModel.of(model.config(), model.parameters().copy());
        Graph fresh = copy.lossGraph(2, 8, 8);
        assertNotEquals(before, after);
        assertEquals(fresh.sameDiff().outputSingle(inputs, "loss").getDouble(0), after);
        assertNotEquals(gradientBefore, gradientAfter);
        assertEquals(gradients(copy, fresh, inputs).flat(), gradientAfter);
    }

    @Test
    void frequenciesAreReadFromTheFlatBufferToo() {
        DiffusionModel model = model(small().embedding(UNetConfig.Embedding.FOURIER)
                .channelMultNoise(2)
                .build());
        model.parameters()
                .flat()
                .addi(normal(model.parameters().flat().length()).muli(0.1));
        Graph graph = model.lossGraph(2, 8, 8);
        Map<String, INDArray> inputs = lossInputs(graph);
        double before = graph.sameDiff().outputSingle(inputs, "loss").getDouble(0);
        model.parameters().view("model.map_noise.freqs").muli(-0.5);
        assertNotEquals(before, graph.sameDiff().outputSingle(inputs, "loss").getDouble(0));
    }

    @Test
    void initialValuesFollowThePaper() {
        Parameters song = model(small().embedding(UNetConfig.Embedding.FOURIER)
                        .modelChannels(64)
                        .labelDim(10)
                        .build())
                .parameters();
        uniform(song.view("model.enc.8x8_block0.conv0.weight"), Math.sqrt(6.0 / (9 * (64 + 128))));
        uniform(song.view("model.enc.8x8_block0.conv1.weight"), 1e-5 * Math.sqrt(6.0 / (9 * (128 + 128))));
        uniform(song.view("model.enc.8x8_block0.qkv.weight"), Math.sqrt(0.2 * 6.0 / (128 + 384)));
        uniform(song.view("model.enc.8x8_block0.proj.weight"), 1e-5 * Math.sqrt(6.0 / (128 + 128)));
        uniform(song.view("model.enc.8x8_block0.affine.weight"), Math.sqrt(6.0 / (256 + 128)));
        uniform(song.view("model.map_label.weight"), Math.sqrt(6.0 / (10 + 64)));
        uniform(song.view("model.dec.16x16_aux_conv.weight"), 1e-5 * Math.sqrt(6.0 / (9 * (64 + 3))));
        constant(song.view("model.enc.8x8_block0.conv0.bias"), 0);
        constant(song.view("model.enc.8x8_block0.norm0.weight"), 1);
        constant(song.view("model.enc.8x8_block0.norm0.bias"), 0);
        assertEquals(16, song.view("model.map_noise.freqs").stdNumber().doubleValue(), 6);

        Parameters adm = model(small().architecture(UNetConfig.Architecture.DHARIWAL)
                        .modelChannels(64)
                        .labelDim(10)
                        .augmentDim(9)
                        .build())
                .parameters();
        uniform(adm.view("model.enc.8x8_block0.conv0.weight"), 1 / Math.sqrt(9 * 64));
        uniform(adm.view("model.enc.8x8_block0.conv0.bias"), 1 / Math.sqrt(9 * 64));
        uniform(adm.view("model.enc.8x8_block0.qkv.weight"), 1 / Math.sqrt(128));
        assertEquals(1, adm.view("model.map_label.weight").stdNumber().doubleValue(), 0.05);
        for (String zero : List.of("enc.8x8_block0.conv1", "enc.8x8_block0.proj", "out_conv")) {
            constant(adm.view("model." + zero + ".weight"), 0);
            constant(adm.view("model." + zero + ".bias"), 0);
        }
        constant(adm.view("model.map_augment.weight"), 0);
    }

    // A uniform distribution of so many elements comes within a few percent of its bound and of its standard deviation.
    private static void uniform(INDArray values, double bound) {
        double largest = values.amaxNumber().doubleValue();
        assertTrue(largest <= bound * (1 + 1e-6) && largest > 0.9 * bound, largest + " of " + bound);
        assertEquals(1, values.stdNumber().doubleValue() / (bound / Math.sqrt(3)), 0.15);
    }

    private static void constant(INDArray values, double value) {
        assertEquals(value, values.maxNumber().doubleValue());
        assertEquals(value, values.minNumber().doubleValue());
    }

    @Test
    void aNewAdmOnlyScalesItsInput() {
        UNetConfig network = small().architecture(UNetConfig.Architecture.DHARIWAL)
                .modelChannels(32)
                .build();
        DiffusionModel model = model(network);
        INDArray x = normal(2, 3, 16, 16);
        try (BatchedDenoiser denoiser = model.denoiser(new SameDiffEngine(), 2, normal(1, 2, 16, 16))) {
            INDArray d = denoiser.denoise(x, Nd4j.createFromArray(0.5f, 0.5f), null);
            assertTrue(Golden.relativeError(d, x.mul(0.5)) < 1e-6);
        }
    }

    @Test
    void anImageDoesNotDependOnItsBatch() {
        DiffusionModel model = Golden.read("unet-adm-cond").model();
        INDArray x = normal(5, 3, 16, 16);
        INDArray sigma = Nd4j.createFromArray(0.1f, 0.5f, 1f, 5f, 20f);
        INDArray labels = Nd4j.eye(10).castTo(DataType.FLOAT).get(NDArrayIndex.interval(0, 5));
        try (BatchedDenoiser denoiser = model.denoiser(new SameDiffEngine(), 2, normal(1, 2, 16, 16))) {
            INDArray all = denoiser.denoise(x, sigma, labels).dup();
            for (int i = 0; i < 5; i++) {
                INDArray one = denoiser.denoise(row(x, i), row(sigma, i), row(labels, i));
                assertEquals(row(all, i).dup(), one.dup());
            }
        }
    }

    private static INDArray row(INDArray array, int i) {
        return array.get(NDArrayIndex.interval(i, i + 1)).dup();
    }

    @Test
    void aNetworkTakesImagesOfAnotherSizeAndShape() {
        DiffusionModel model = Golden.read("unet-ddpmpp").model();
        INDArray positions = normal(1, 2, 32, 48);
        try (BatchedDenoiser denoiser = model.denoiser(new SameDiffEngine(), 1, positions)) {
            INDArray x = normal(1, 3, 32, 48);
            INDArray d = denoiser.denoise(x, Nd4j.createFromArray(1f), null).dup();
            assertEquals(List.of(1L, 3L, 32L, 48L), List.of(d.size(0), d.size(1), d.size(2), d.size(3)));
            assertTrue(Double.isFinite(d.norm2Number().doubleValue()));
            // Far from the border nothing wraps around: the mirrored corner of the input moves the mirrored output.
            x.putScalar(new int[] {0, 0, 31, 47}, x.getDouble(0, 0, 31, 47) + 1);
            INDArray moved = denoiser.denoise(x, Nd4j.createFromArray(1f), null);
            double here = Math.abs(moved.getDouble(0, 0, 31, 47) - d.getDouble(0, 0, 31, 47));
            double elsewhere = Math.abs(moved.getDouble(0, 0, 0, 0) - d.getDouble(0, 0, 0, 0));
            assertTrue(here > 100 * elsewhere, here + " against " + elsewhere);
        }
        assertThrows(IllegalArgumentException.class, () -> model.denoiserGraph(1, 32, 47));
    }

    @Test
    void denoiserRefusesWhatDoesNotFit() {
        DiffusionModel model = model(small().labelDim(4).build());
        try (BatchedDenoiser denoiser = model.denoiser(new SameDiffEngine(), 2, normal(1, 2, 16, 16))) {
            INDArray sigma = Nd4j.createFromArray(1f);
            INDArray labels = Nd4j.zeros(DataType.FLOAT, 1, 4);
            refused("labels of shape [1, 4]", () -> denoiser.denoise(normal(1, 3, 16, 16), sigma, null));
            refused("[1, 3, 16, 16]", () -> denoiser.denoise(normal(1, 3, 8, 8), sigma, labels));
            refused("sigma", () -> denoiser.denoise(normal(2, 3, 16, 16), sigma, labels));
        }
        refused("position", () -> model.denoiser(new SameDiffEngine(), 2, normal(1, 3, 16, 16)));
    }

    private static void refused(String part, Runnable action) {
        String message =
                assertThrows(IllegalArgumentException.class, action::run).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void dropoutMasksStandBeforeTheLastConvolutionOfEachBlock() {
        DiffusionModel model = model(small().dropout(0.5).build());
        DiffusionModel without = DiffusionModel.of(
                new ModelConfig(small().build(), EdmPreconditioning.standard(), 16, 16), model.parameters());
        Graph graph = model.lossGraph(2, 8, 8);
        Map<String, long[]> masks = DiffusionModel.dropoutShapes(graph);
        assertEquals(10, masks.size());
        Map<String, INDArray> inputs = lossInputs(graph);
        Map<String, INDArray> plain = new HashMap<>(inputs);
        plain.keySet().removeAll(masks.keySet());
        assertEquals(
                without.lossGraph(2, 8, 8)
                        .sameDiff()
                        .outputSingle(plain, "loss")
                        .getDouble(0),
                graph.sameDiff().outputSingle(inputs, "loss").getDouble(0));
        inputs.put(
                "dropout/model.enc.8x8_block0", Nd4j.zeros(DataType.FLOAT, masks.get("dropout/model.enc.8x8_block0")));
        Parameters gradients = gradients(model, graph, inputs);
        constant(gradients.view("model.enc.8x8_block0.conv1.weight"), 0);
        assertFalse(
                gradients.view("model.enc.8x8_down.conv1.weight").amaxNumber().doubleValue() == 0);
        assertTrue(DiffusionModel.dropoutShapes(model.denoiserGraph(1, 8, 8)).isEmpty());
    }

    @Test
    void iddpmUsesTheFirstHalfOfTwiceTheOutputs() {
        DiffusionModel model = model(small().outChannels(6).build(), IddpmPreconditioning.standard());
        Graph graph = model.denoiserGraph(1, 16, 16);
        Map<String, INDArray> inputs =
                Map.of("x", normal(1, 3, 16, 16), "sigma", Nd4j.createFromArray(1f), "pos", normal(1, 2, 16, 16));
        INDArray before = graph.sameDiff().outputSingle(inputs, "D").dup();
        INDArray bias = model.parameters().view("model.dec.16x16_aux_conv.bias");
        bias.get(NDArrayIndex.interval(3, 6)).addi(1);
        assertEquals(before, graph.sameDiff().outputSingle(inputs, "D"));
        bias.get(NDArrayIndex.interval(0, 3)).addi(1);
        // c_out is -sigma.
        assertTrue(Golden.relativeError(graph.sameDiff().outputSingle(inputs, "D"), before.sub(1)) < 1e-6);
    }

    @Test
    void parametersOfAnotherNetworkAreRefused() {
        DiffusionModel model = model(small().build());
        ModelConfig other = new ModelConfig(small().numBlocks(2).build(), EdmPreconditioning.standard(), 16, 16);
        refused("do not fit", () -> DiffusionModel.of(other, model.parameters()));
    }

    @Test
    void initialisationIsAFunctionOfTheGenerator() {
        ModelConfig config = model(small().build()).config();
        INDArray a = DiffusionModel.create(config, new SplittableRandom(1))
                .parameters()
                .flat();
        INDArray b = DiffusionModel.create(config, new SplittableRandom(1))
                .parameters()
                .flat();
        INDArray c = DiffusionModel.create(config, new SplittableRandom(2))
                .parameters()
                .flat();
        assertEquals(a, b);
        assertNotEquals(a, c);
    }
}
