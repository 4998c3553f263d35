package org.patchdiffusion.model.engine.networks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.fuzz.EngineProbe;
import org.patchdiffusion.model.testing.Golden;

/** Networks of other people, by their published numbers, on every engine. */
class GoldenNetworksTest {

    /** An engine and the largest relative error of what it computes. */
    record Candidate(String engine, double bar) {}

    static List<Candidate> engines() {
        return List.of(
                new Candidate("samediff", 1e-5),
                new Candidate("generic", 1e-5),
                new Candidate("exact", 1e-5),
                new Candidate("fast", 1e-4));
    }

    private static Map<String, INDArray> run(
            Candidate candidate, SameDiff sd, List<String> outputs, Map<String, INDArray> inputs) {
        try (Engine engine = Engines.byName(candidate.engine());
                Program program = engine.compile(Graph.of(sd, outputs, null))) {
            boolean compiler = List.of("exact", "fast").contains(candidate.engine());
            assertEquals(compiler, EngineProbe.isCompiledWhole(program), "compiled whole");
            Map<String, INDArray> results = new TreeMap<>();
            program.forward(inputs).forEach((name, array) -> results.put(name, array.dup()));
            return results;
        }
    }

    private static void assertClose(Candidate candidate, String name, INDArray got, INDArray want) {
        double error = Golden.relativeError(got, want);
        assertTrue(error < candidate.bar(), candidate.engine() + ": " + name + " differs by " + error);
    }

    private static INDArray input(Golden golden, String name) {
        return golden.array(name).castTo(DataType.FLOAT);
    }

    private static Weights inceptionWeights() {
        return new RuleWeights(
                (name, shape, u) -> switch (name.substring(name.lastIndexOf('.', name.length() - 8) + 1)) {
                    case "conv.weight" -> 1.4 * u * Math.sqrt(3 / RuleWeights.fanIn(shape));
                    case "fc.weight" -> u * Math.sqrt(3 / RuleWeights.fanIn(shape));
                    default -> name.endsWith(".running_var") || name.endsWith(".bn.weight") ? 1 + 0.1 * u : 0.1 * u;
                });
    }

    @Test
    void theRuleGivesTheWeightsOfItsTestVector() {
        Golden golden = Golden.read("inception");
        Map<?, ?> vector = (Map<?, ?>) golden.settings().get("test_vector");
        List<?> want = (List<?>) vector.get("Conv2d_1a_3x3.conv.weight[0:3]");
        INDArray got = inceptionWeights().get("Conv2d_1a_3x3.conv.weight", 32, 3, 3, 3);
        for (int i = 0; i < want.size(); i++) {
            assertEquals(((Number) want.get(i)).floatValue(), got.getFloat(i));
        }
    }

    static Stream<Arguments> inceptions() {
        return engines().stream()
                .flatMap(engine -> Stream.of(InceptionV3.BatchNorm.values()).map(norm -> Arguments.of(engine, norm)))
                // Stock SameDiff takes seconds, and the plan of its operations shows the same.
                .filter(arguments -> !(((Candidate) arguments.get()[0]).engine().equals("samediff")
                        && arguments.get()[1] == InceptionV3.BatchNorm.EXPLICIT));
    }

    @ParameterizedTest
    @MethodSource("inceptions")
    void inceptionGivesItsFeatures(Candidate candidate, InceptionV3.BatchNorm batchNorm) {
        Golden golden = Golden.read("inception");
        INDArray images = input(golden, "images299").divi(127.5).subi(1);
        InceptionV3.Built built = InceptionV3.build(inceptionWeights(), batchNorm, 3, 299, 299);
        List<String> outputs = List.of(
                "mean.Conv2d_2b_3x3",
                "mean.Mixed_5d",
                "mean.Mixed_6e",
                "mean.Mixed_7c",
                "pool",
                "logits_unbiased",
                "logits");
        assertTrue(built.outputs().containsAll(outputs));
        Map<String, INDArray> got = run(candidate, built.sd(), outputs, Map.of("image", images));
        outputs.forEach(name -> assertClose(candidate, name, got.get(name), golden.array("direct299." + name)));
    }

    private static KlAutoencoder autoencoder() {
        return new KlAutoencoder(32, List.of(1, 2, 2), 2, 4);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void theKlAutoencoderEncodes(Candidate candidate) {
        Golden golden = Golden.read("vae-kl");
        SameDiff sd = autoencoder().encoder((name, shape) -> golden.array("param." + name), 2, 32, 32);
        INDArray moments = run(candidate, sd, List.of("moments"), Map.of("image", input(golden, "in.image")))
                .get("moments");
        INDArray mean = moments.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 4));
        INDArray logVariance = moments.get(NDArrayIndex.all(), NDArrayIndex.interval(4, 8));
        assertClose(candidate, "mean", mean, golden.array("out.mean"));
        assertClose(candidate, "log variance", logVariance, golden.array("out.logvar"));
    }

    @ParameterizedTest
    @MethodSource("engines")
    void theKlAutoencoderDecodes(Candidate candidate) {
        Golden golden = Golden.read("vae-kl");
        for (String latent : List.of("mean", "sample")) {
            SameDiff sd = autoencoder().decoder((name, shape) -> golden.array("param." + name), 2, 8, 8);
            INDArray image = run(candidate, sd, List.of("image"), Map.of("latent", input(golden, "out." + latent)))
                    .get("image");
            assertClose(candidate, latent, image, golden.array("out.decoded_" + latent));
        }
    }

    private static Weights tinyWeights() {
        return new RuleWeights((name, shape, u) ->
                name.endsWith(".bias") ? 0.1 * u : 1.2 * u * Math.sqrt(3 / RuleWeights.fanIn(shape)));
    }

    @ParameterizedTest
    @MethodSource("engines")
    void theTinyAutoencoderEncodesAndDecodes(Candidate candidate) {
        Golden golden = Golden.read("taesd");
        SameDiff encoder = TinyAutoencoder.encoder(tinyWeights(), 2, 32, 32, 4);
        INDArray latents = run(candidate, encoder, List.of("latents"), Map.of("image", input(golden, "in.image")))
                .get("latents");
        assertClose(candidate, "latents", latents, golden.array("out.latent"));
        SameDiff decoder = TinyAutoencoder.decoder(tinyWeights(), 2, 4, 4, 4);
        INDArray image = run(candidate, decoder, List.of("image"), Map.of("latent", input(golden, "in.latent")))
                .get("image");
        assertClose(candidate, "image", image, golden.array("out.decoded"));
    }
}
