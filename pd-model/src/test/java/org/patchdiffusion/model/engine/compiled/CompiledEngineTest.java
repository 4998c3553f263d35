package org.patchdiffusion.model.engine.compiled;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.GenericEngine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;

/** Compiled programs against the plan of ND4J ops, over sizes and thread counts that the reference cases lack. */
class CompiledEngineTest {

    @ParameterizedTest
    @CsvSource({
        "4, 1, 16, 16, 1", // fewer channels than a vector register has lanes, one image
        "12, 3, 16, 16, 2", // odd padding everywhere, batch not divisible by the replicas
        "20, 5, 8, 16, 4", // not square; more replicas than divide the batch
        "16, 2, 4, 4, 3" // fewer images than replicas
    })
    void agreesWithTheGenericPlan(int width, int batch, int height, int columns, int threads) {
        DiffusionModel model = Networks.ddpmpp(width, List.of(1, 2), 0);
        Networks.Result want = Networks.lossAndGradient(new GenericEngine(), model, batch, height, columns);
        for (Accuracy accuracy : Networks.accuracies()) {
            Networks.Result got =
                    Networks.lossAndGradient(new CompiledEngine(accuracy, threads), model, batch, height, columns);
            double lossBar = accuracy == Accuracy.BFLOAT16 ? 5e-3 : 1e-5;
            assertEquals(want.loss(), got.loss(), lossBar * want.loss());
            assertTrue(Networks.relativeError(got.perImage(), want.perImage()) < lossBar);
            double bar =
                    switch (accuracy) {
                        case EXACT -> 2e-5;
                        case FAST -> 2e-4;
                            // A cosine of 0.99 is an error of 0.14.
                        case BFLOAT16 -> 1e-1;
                    };
            double error = got.gradientError(want);
            assertTrue(error < bar, accuracy + " differs by " + error);
        }
    }

    @Test
    void appliesDropoutMasks() {
        DiffusionModel model = Networks.ddpmpp(16, List.of(1, 1), 0.2);
        Networks.Result want = Networks.lossAndGradient(new GenericEngine(), model, 3, 16, 16);
        Engine engine = new CompiledEngine(Accuracy.EXACT, 2);
        Networks.Result got = Networks.lossAndGradient(engine, model, 3, 16, 16);
        assertInstanceOf(DropoutProgram.class, engine.compile(model.lossGraph(3, 16, 16)));
        assertTrue(got.gradientError(want) < 2e-5);
    }

    @ParameterizedTest
    @MethodSource("org.patchdiffusion.model.engine.compiled.Networks#accuracies")
    void numbersHardlyDependOnTheThreadCountAndNeverOnTheRun(Accuracy accuracy) {
        DiffusionModel model = Networks.ddpmpp(16, List.of(1, 2), 0);
        Networks.Result one = Networks.lossAndGradient(new CompiledEngine(accuracy, 1), model, 6, 16, 16);
        for (int threads : new int[] {2, 3, 16}) {
            Engine engine = new CompiledEngine(accuracy, threads);
            Networks.Result first = Networks.lossAndGradient(engine, model, 6, 16, 16);
            Networks.Result second = Networks.lossAndGradient(engine, model, 6, 16, 16);
            assertArrayEquals(
                    first.gradient().toFloatVector(), second.gradient().toFloatVector());
            // Shares of other sizes may take other Winograd tiles.
            assertTrue(first.gradientError(one) < (accuracy == Accuracy.EXACT ? 1e-6 : 1e-5));
            assertTrue(Networks.relativeError(first.perImage(), one.perImage()) < 1e-6);
        }
    }

    @Test
    void everyReplicaLeavesNoGradientBehind() {
        DiffusionModel model = Networks.ddpmpp(8, List.of(1, 1), 0);
        Engine engine = new CompiledEngine(Accuracy.FAST, 4);
        Gradients gradients = engine.newGradients(model.parameters().layout());
        Map<String, INDArray> inputs = Networks.lossInputs(model, 2, 8, 8);
        try (Program program = engine.compile(model.lossGraph(2, 8, 8))) {
            program.backward(inputs, gradients);
            INDArray clean = gradients.sum();
            gradients.parts().forEach(part -> part.assign(1e9));
            program.backward(inputs, gradients);
            assertArrayEquals(clean.toFloatVector(), gradients.sum().toFloatVector());
        }
    }

    @Test
    void readsParametersAtEachRun() {
        DiffusionModel model = Networks.ddpmpp(8, List.of(1, 1), 0);
        Engine engine = new CompiledEngine(Accuracy.EXACT, 2);
        Map<String, INDArray> inputs = Networks.lossInputs(model, 2, 8, 8);
        try (Program program = engine.compile(model.lossGraph(2, 8, 8));
                Program plan = new GenericEngine().compile(model.lossGraph(2, 8, 8))) {
            double before = program.forward(inputs).get("loss").getDouble(0);
            model.parameters().flat().muli(0.9);
            double after = program.forward(inputs).get("loss").getDouble(0);
            assertEquals(plan.forward(inputs).get("loss").getDouble(0), after, 1e-5 * after);
            assertTrue(Math.abs(after - before) > 1e-3 * before);
        }
    }

    static List<UNetConfig> networks() {
        UNetConfig.Builder adm =
                UNetConfig.adm(16, 3).channelMult(List.of(1, 4)).labelDim(4);
        UNetConfig.Builder ncsnpp = UNetConfig.ncsnpp(16, 3).channelMult(List.of(1, 2, 2));
        UNetConfig.Builder skip = UNetConfig.ddpmpp(16, 3)
                .channelMult(List.of(1, 2, 2))
                .encoder(UNetConfig.EncoderKind.SKIP)
                .decoder(UNetConfig.DecoderKind.SKIP);
        UNetConfig.Builder implicit =
                UNetConfig.ddpmpp(16, 3).channelMult(List.of(1, 2)).implicitMlp(true);
        return Stream.of(adm, ncsnpp, skip, implicit)
                .map(b -> b.modelChannels(16)
                        .numBlocks(1)
                        .attnResolutions(List.of(8))
                        .dropout(0)
                        .build())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("networks")
    void compilesTheNetworksThatItIsMadeFor(UNetConfig network) {
        DiffusionModel model = Networks.model(network);
        for (Accuracy accuracy : Networks.accuracies()) {
            try (Program program = new CompiledEngine(accuracy, 2).compile(model.lossGraph(3, 16, 16))) {
                assertInstanceOf(CompiledProgram.class, program);
            }
        }
    }

    /** Somebody's graph with an op that has no typed form: same numbers, that op by ND4J. */
    @Test
    void runsWhatItDoesNotKnowByNd4j() {
        SameDiff graph = SameDiff.create();
        ParameterLayout layout = ParameterLayout.builder().add("w", 4).build();
        Parameters parameters = new Parameters(layout, Nd4j.createFromArray(1f, 2f, 3f, 4f));
        SDVariable x = graph.placeHolder("x", DataType.FLOAT, 2, 4);
        SDVariable w = graph.var("w", parameters.view("w"));
        SDVariable y = graph.math().atan(x.mul(w)).rename("y");
        SDVariable loss = graph.sum("loss", y);
        graph.setLossVariables(loss.name());
        Engine engine = new CompiledEngine(Accuracy.FAST, 2);
        Gradients gradients = engine.newGradients(layout);
        gradients.parts().forEach(part -> part.assign(5));
        float[][] input = {{1, 0.5f, 0, -1}, {2, 1, 1, 0.25f}};
        try (Program program = engine.compile(new Graph(graph, parameters, List.of("y", "loss"), "loss"))) {
            program.backward(Map.of("x", Nd4j.createFromArray(input)), gradients);
        }
        for (int i = 0; i < 4; i++) {
            double want = 0;
            for (float[] row : input) {
                double z = row[i] * (i + 1.0);
                want += row[i] / (1 + z * z);
            }
            assertEquals(want, gradients.sum().getDouble(i), 1e-6);
        }
    }
}
