package org.patchdiffusion.train.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.data.DatasetDescription;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.PixelReader;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.train.StopSignal;
import org.patchdiffusion.train.TrainingRun;
import org.patchdiffusion.train.checkpoint.TrainingProgress;
import org.patchdiffusion.train.config.TrainingConfig;

class SampleSheetsTest {
    private static final int SIZE = 8;

    @TempDir
    Path folder;

    private static DiffusionModel model(int channels) {
        UNetConfig network = UNetConfig.ddpmpp(SIZE, channels)
                .modelChannels(8)
                .channelMult(List.of(1))
                .numBlocks(1)
                .attnResolutions(List.of())
                .dropout(0)
                .build();
        ModelConfig config = new ModelConfig(network, EdmPreconditioning.standard(), SIZE, SIZE);
        return DiffusionModel.create(config, new Random(1));
    }

    /** Ten images of one colour each: the number of the image in its red, green and blue. */
    private static ImageDataset tenImages() {
        DatasetDescription description =
                new DatasetDescription("ten", 10, 3, SIZE, SIZE, PixelType.UINT8, List.of(), "x");
        return ImageDataset.of(description, null, new PixelReader() {
            @Override
            public ByteBuffer read(int index) {
                byte[] pixels = new byte[3 * SIZE * SIZE];
                Arrays.fill(pixels, (byte) index);
                return ByteBuffer.wrap(pixels);
            }

            @Override
            public String place() {
                return "made up";
            }

            @Override
            public void close() {}
        });
    }

    private static TrainingRun run(DiffusionModel model, StopSignal stop) {
        return new TrainingRun(
                TrainingConfig.builder().build(),
                model.config(),
                1,
                PatchDistribution.ofPixels(0.5),
                "ten",
                10,
                "x",
                "generic",
                TrainingProgress.NONE,
                stop);
    }

    @Test
    void theSameSeedsAreDrawnEachTimeWithRealImagesBeside() throws IOException {
        DiffusionModel model = model(3);
        List<Integer> steps = new ArrayList<>();
        try (Engine engine = Engines.byName("generic");
                ImageDataset images = tenImages()) {
            SampleSheets sheets = SampleSheets.builder(folder, engine, 5)
                    .reals(images)
                    .progress((step, of, sigma, x) -> steps.add(step))
                    .build();
            sheets.started(run(model, StopSignal.NONE));
            sheets.snapshot(1000, model);
            sheets.snapshot(2000, model);
            // A new network's last layer is zero, whatever the rest.
            model.parameters().flat().addi(0.01f);
            sheets.snapshot(3000, model);
        }
        byte[] first = Files.readAllBytes(folder.resolve("samples-000001.png"));
        assertArrayEquals(first, Files.readAllBytes(folder.resolve("samples-000002.png")));
        assertFalse(Arrays.equals(first, Files.readAllBytes(folder.resolve("samples-000003.png"))));
        assertEquals(3 * 18, steps.size());

        // Three columns; images 0, 2, 4, 6 and 8 of the ten.
        BufferedImage reals = ImageIO.read(folder.resolve("reals.png").toFile());
        assertEquals(3 * (SIZE + 2) + 2, reals.getWidth());
        assertEquals(2 * (SIZE + 2) + 2, reals.getHeight());
        for (int i = 0; i < 5; i++) {
            int rgb = reals.getRGB(2 + i % 3 * (SIZE + 2), 2 + i / 3 * (SIZE + 2)) & 0xFFFFFF;
            assertEquals(2 * i * 0x010101, rgb);
        }
    }

    @Test
    void aRunThatIsToStopDrawsNoMore() throws IOException {
        DiffusionModel model = model(3);
        List<Integer> steps = new ArrayList<>();
        try (Engine engine = Engines.byName("generic")) {
            SampleSheets sheets = SampleSheets.builder(folder, engine, 1)
                    .progress((step, of, sigma, x) -> steps.add(step))
                    .build();
            sheets.started(run(model, () -> steps.size() == 3));
            sheets.snapshot(1000, model);
        }
        assertEquals(List.of(1, 2, 3), steps);
        assertFalse(Files.exists(folder.resolve("samples-000001.png")));
    }

    @Test
    void latentsAreNoPictures() throws IOException {
        DiffusionModel model = model(4);
        try (Engine engine = Engines.byName("generic")) {
            SampleSheets sheets = SampleSheets.builder(folder, engine, 1)
                    .progress((step, of, sigma, x) -> {
                        throw new AssertionError("nothing is drawn");
                    })
                    .build();
            sheets.started(run(model, StopSignal.NONE));
            sheets.snapshot(1000, model);
            Exception none =
                    assertThrows(IllegalArgumentException.class, () -> SampleSheets.builder(folder, engine, 0));
            assertEquals("a sheet has 0 images, expected at least 1", none.getMessage());
        }
        assertEquals(0, folder.toFile().list().length);
    }
}
