package org.patchdiffusion.eval.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.precond.EdmPreconditioning;

class ImageGeneratorTest {
    private static final long[] SEEDS = {3, 1, 4, 15, 9};
    private static final SamplingConfig SHORT = SamplingConfig.standard().withSteps(3);

    @Test
    void threadsWorkersAndBatchesGiveTheSameBits() throws IOException {
        DiffusionModel model = model(0);
        List<byte[]> want;
        try (Engine two = Engines.best(2);
                ImageGenerator generator = generator(model, two)) {
            want = generator.draw(SEEDS).pixels();
        }
        assertFalse(Arrays.equals(want.get(0), want.get(1)));
        try (Engine one = Engines.best(1);
                Engine other = Engines.best(1);
                ImageGenerator first = generator(model, one);
                ImageGenerator second = generator(model, other)) {
            assertSame(want, first.draw(SEEDS).pixels());
            List<byte[]> got = new ArrayList<>();
            List<Long> order = new ArrayList<>();
            new SeedWorkers(List.of(first, second)).draw(SEEDS, 2, SamplerListener.NONE, (seeds, samples) -> {
                got.addAll(Images.fromModelRange(samples.images()).pixels());
                Arrays.stream(seeds).forEach(order::add);
                assertEquals(5, samples.evaluations());
            });
            assertSame(want, got);
            assertEquals(Arrays.stream(SEEDS).boxed().toList(), order);
        }
    }

    @Test
    void aFailureOfTheConsumerEndsTheWorkers() {
        DiffusionModel model = model(0);
        try (Engine engine = Engines.best(1);
                ImageGenerator first = generator(model, engine);
                ImageGenerator second = generator(model, engine)) {
            SeedWorkers workers = new SeedWorkers(List.of(first, second));
            IOException full = assertThrows(
                    IOException.class,
                    () -> workers.draw(new long[20], 1, SamplerListener.NONE, (seeds, samples) -> {
                        throw new IOException("the disk is full");
                    }));
            assertEquals("the disk is full", full.getMessage());
            // Both can go on afterwards.
            assertEquals(1, first.draw(1).count() * second.draw(1).count());
        }
    }

    @Test
    void threadsThatShareAGeneratorTakeTurns() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (Engine engine = Engines.best(1);
                ImageGenerator generator = generator(model(0), engine)) {
            byte[] want = generator.draw(7).pixels().get(0);
            List<Future<Images>> drawn = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                drawn.add(threads.submit(() -> generator.draw(7)));
            }
            for (Future<Images> image : drawn) {
                assertArrayEquals(want, image.get().pixels().get(0));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void guidanceOfOneIsBitEqualToNone() {
        DiffusionModel model = model(3);
        try (Engine engine = Engines.best(2);
                ImageGenerator plain = generator(model, engine);
                ImageGenerator guided = ImageGenerator.builder(model)
                        .engine(engine)
                        .sampling(SHORT)
                        .classifierFree(Guidance.of(1))
                        .autoguidance(model(3), Guidance.of(1))
                        .slidingWindow(new Tiling(new PatchSize(8, 8), 4, Tiling.Weighting.EVEN), Guidance.of(1))
                        .build();
                Samples want = plain.sample(SEEDS, SamplerListener.NONE);
                Samples got = guided.sample(SEEDS, SamplerListener.NONE)) {
            assertEquals(want.images(), got.images());
        }
    }

    @Test
    void guidanceByTheModelItselfChangesNothingAndByItsWindowsSomething() {
        DiffusionModel model = model(0);
        try (Engine engine = Engines.best(2);
                ImageGenerator plain = generator(model, engine);
                ImageGenerator itself = ImageGenerator.builder(model)
                        .engine(engine)
                        .sampling(SHORT)
                        .autoguidance(model, Guidance.of(3))
                        .build();
                ImageGenerator windows = ImageGenerator.builder(model)
                        .engine(engine)
                        .sampling(SHORT)
                        .slidingWindow(new Tiling(new PatchSize(8, 8), 4, Tiling.Weighting.EVEN), Guidance.of(3))
                        .build();
                Samples want = plain.sample(SEEDS, SamplerListener.NONE);
                Samples same = itself.sample(SEEDS, SamplerListener.NONE);
                Samples other = windows.sample(SEEDS, SamplerListener.NONE)) {
            assertEquals(want.images(), same.images());
            assertTrue(want.images().distance2(other.images()) > 0.1);
        }
    }

    @Test
    void aCanvasOfAnySizeIsDrawn() {
        DiffusionModel model = model(0);
        PatchSize frame = new PatchSize(16, 16);
        try (Engine engine = Engines.best(2);
                ImageGenerator whole = ImageGenerator.builder(model)
                        .engine(engine)
                        .sampling(SHORT)
                        .canvas(new Canvas(new PatchSize(13, 22), -3, 2, frame))
                        .build();
                ImageGenerator tiled = ImageGenerator.builder(model)
                        .engine(engine)
                        .sampling(SHORT)
                        .canvas(Canvas.whole(13, 22))
                        .tiling(Tiling.seamless(frame, 8))
                        .build()) {
            for (ImageGenerator generator : List.of(whole, tiled)) {
                Images images = generator.draw(1, 2);
                assertEquals(13, images.height());
                assertEquals(22, images.width());
                assertFalse(
                        Arrays.equals(images.pixels().get(0), images.pixels().get(1)));
            }
        }
    }

    @Test
    void knownPixelsStay() {
        DiffusionModel model = model(0);
        float[] values = new float[3 * 10 * 14];
        float[] known = new float[10 * 14];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 17 / 8.5f - 1;
        }
        Arrays.fill(known, 0, 70, 1);
        try (Engine engine = Engines.best(2);
                ImageGenerator generator = ImageGenerator.builder(model)
                        .engine(engine)
                        .sampling(SHORT)
                        .canvas(Canvas.whole(10, 14))
                        .known(new KnownPicture(3, 10, 14, values, known))
                        .build();
                Samples samples = generator.sample(new long[] {5}, SamplerListener.NONE)) {
            INDArray images = samples.images();
            double beyond = 0;
            for (int i = 0; i < values.length; i++) {
                double difference = Math.abs(images.getDouble(i) - values[i]);
                if (i % 140 < 70) {
                    assertEquals(0, difference, 1e-6);
                } else {
                    beyond = Math.max(beyond, difference);
                }
            }
            assertTrue(beyond > 0.1);
        }
    }

    @Test
    void whatDoesNotFitIsNamedAndNothingStaysOpen() {
        DiffusionModel plain = model(0);
        assertMessage("classifier-free guidance needs a model with classes", () -> ImageGenerator.builder(plain)
                .classifierFree(Guidance.of(2))
                .build());
        assertMessage("the weaker model has 3 channels and 3 classes", () -> ImageGenerator.builder(plain)
                .autoguidance(model(3), Guidance.of(2))
                .build());
        assertMessage("class 1: the model is unconditional", () -> ImageGenerator.builder(plain)
                .onlyClass(1));
        assertMessage("the known picture has 1 channels of 2x2", () -> ImageGenerator.builder(plain)
                .known(new KnownPicture(1, 2, 2, new float[4], new float[4]))
                .build());
    }

    private static void assertMessage(String start, org.junit.jupiter.api.function.Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.startsWith(start), message);
    }

    private static void assertSame(List<byte[]> want, List<byte[]> got) {
        assertEquals(want.size(), got.size());
        for (int i = 0; i < want.size(); i++) {
            assertArrayEquals(want.get(i), got.get(i), "image " + i);
        }
    }

    private static ImageGenerator generator(DiffusionModel model, Engine engine) {
        return ImageGenerator.builder(model).engine(engine).sampling(SHORT).build();
    }

    /** A network of random weights everywhere: a new one's last layers are nearly zero. */
    private static DiffusionModel model(int classes) {
        UNetConfig network = UNetConfig.ddpmpp(16, 3)
                .modelChannels(16)
                .channelMult(List.of(1, 2))
                .numBlocks(1)
                .attnResolutions(List.of(8))
                .dropout(0)
                .labelDim(classes)
                .build();
        ModelConfig config = new ModelConfig(network, EdmPreconditioning.standard(), 16, 16);
        DiffusionModel model = DiffusionModel.create(config, new Random(1));
        Random random = new Random(2);
        double[] noise =
                random.doubles(model.parameters().flat().length(), -0.05, 0.05).toArray();
        try (INDArray shift = Nd4j.createFromArray(noise)) {
            model.parameters()
                    .flat()
                    .addi(shift.castTo(model.parameters().flat().dataType()));
        }
        return model;
    }
}
