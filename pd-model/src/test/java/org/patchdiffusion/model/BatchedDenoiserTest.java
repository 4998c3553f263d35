package org.patchdiffusion.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.GenericEngine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.ProgramSet;
import org.patchdiffusion.model.precond.EdmPreconditioning;

class BatchedDenoiserTest {

    private static DiffusionModel model() {
        UNetConfig network = UNetConfig.ddpmpp(16, 3)
                .modelChannels(16)
                .channelMult(List.of(1, 2))
                .numBlocks(1)
                .attnResolutions(List.of())
                .dropout(0)
                .build();
        DiffusionModel model = DiffusionModel.create(
                new ModelConfig(network, EdmPreconditioning.standard(), 16, 16), new SplittableRandom(5));
        model.parameters().flat().addi(0.01f);
        return model;
    }

    @Test
    void patchesAreDenoisedEachAtItsOwnPlace() {
        DiffusionModel model = model();
        INDArray here = Nd4j.rand(DataType.FLOAT, 1, 2, 8, 8);
        INDArray there = Nd4j.rand(DataType.FLOAT, 1, 2, 8, 8).subi(1);
        INDArray x = Nd4j.randn(DataType.FLOAT, 3, 3, 8, 8);
        INDArray sigma = Nd4j.createFromArray(0.3f, 1f, 4f);
        try (BatchedDenoiser bound = model.denoiser(new GenericEngine(), 2, here);
                BatchedDenoiser elsewhere = model.denoiser(new GenericEngine(), 2, there)) {
            INDArray atHere = bound.denoise(x, sigma, null).dup('c');
            INDArray atThere = elsewhere.denoise(x, sigma, null).dup('c');
            assertFalse(atHere.equalsWithEps(atThere, 1e-4));
            INDArray mixed = bound.denoise(x, sigma, null, Nd4j.concat(0, here, there, here))
                    .dup('c');
            for (int i = 0; i < 3; i++) {
                assertEquals((i == 1 ? atThere : atHere).slice(i), mixed.slice(i), "patch " + i);
            }
            // Its own place again, after others.
            assertEquals(atHere, bound.denoise(x, sigma, null));
            Exception wrong = assertThrows(IllegalArgumentException.class, () -> bound.denoise(x, sigma, null, here));
            assertTrue(wrong.getMessage().startsWith("positions must be a float32 array of shape [3, 2, 8, 8]"));
        }
    }

    /** A second call while the first is under way, which two threads would make by chance. */
    @Test
    void aSecondCallDuringTheFirstIsRefused() {
        BatchedDenoiser[] denoiser = new BatchedDenoiser[1];
        INDArray x = Nd4j.ones(DataType.FLOAT, 1, 3, 8, 8);
        INDArray sigma = Nd4j.ones(DataType.FLOAT, 1);
        Engine calling = new CallingEngine(() -> denoiser[0].denoise(x, sigma, null));
        denoiser[0] = model().denoiser(calling, 1, Nd4j.zeros(DataType.FLOAT, 1, 2, 8, 8));
        Exception refused = assertThrows(IllegalStateException.class, () -> denoiser[0].denoise(x, sigma, null));
        assertEquals("two threads denoise with one denoiser; make one for each thread", refused.getMessage());
    }

    /** An engine whose programs do something else instead. */
    private record CallingEngine(Runnable call) implements Engine, Program {
        @Override
        public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
            call.run();
            throw new AssertionError("the call was not refused");
        }

        @Override
        public Program compile(Graph graph) {
            return this;
        }

        @Override
        public String name() {
            return "calling";
        }

        @Override
        public int threads() {
            return 1;
        }

        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public void draw(long seed, long step, int firstImage) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ProgramSet compile(List<Graph> graphs) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Gradients newGradients(ParameterLayout layout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Gradients newAccumulator(ParameterLayout layout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Map<String, INDArray> accumulate(Map<String, INDArray> inputs, Gradients gradients) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }
}
