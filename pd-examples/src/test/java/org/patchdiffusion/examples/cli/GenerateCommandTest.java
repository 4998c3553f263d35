package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.eval.PngFiles;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.io.ModelFile;
import org.patchdiffusion.model.precond.EdmPreconditioning;

class GenerateCommandTest {
    @TempDir
    Path folder;

    private Path model;

    @BeforeEach
    void writeModel() throws IOException {
        model = model("model.safetensors", 1);
    }

    private Path model(String name, int seed) throws IOException {
        UNetConfig network = UNetConfig.ddpmpp(16, 3)
                .modelChannels(16)
                .channelMult(List.of(1, 2))
                .numBlocks(1)
                .attnResolutions(List.of(8))
                .dropout(0)
                .build();
        DiffusionModel model = DiffusionModel.create(
                new ModelConfig(network, EdmPreconditioning.standard(), 16, 16), new Random(seed));
        // A new network's last layer is nearly zero.
        model.parameters().flat().addi(0.01f);
        Path file = folder.resolve(name);
        ModelFile.write(file, model.config(), model.parameters(), Map.of());
        return file;
    }

    private Outcome generate(Object... options) {
        Object[] all = new Object[options.length + 6];
        System.arraycopy(new Object[] {"generate", "--network", model, "--steps", 3, "--seeds=0-4"}, 0, all, 0, 6);
        System.arraycopy(options, 0, all, 6, options.length);
        return Outcome.of(all);
    }

    @Test
    void aFolderIsCompletedAndWholeFilesAreKept() throws IOException {
        Path out = folder.resolve("out");
        assertEquals(0, generate("--outdir", out).code());
        byte[] second = Files.readAllBytes(out.resolve("seed000002.png"));
        FileTime old = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(out.resolve("seed000001.png"), old);
        Files.write(out.resolve("seed000002.png"), Arrays.copyOf(second, second.length / 2));
        Files.delete(out.resolve("seed000003.png"));
        Outcome again = generate("--outdir", out, "--workers", 2, "--batch", 1, "--grid", folder.resolve("g.png"));
        assertEquals(0, again.code(), again.err());
        assertTrue(again.err().contains("2 images in 3 steps (5 evaluations each)"), again.err());
        assertTrue(again.err().contains("3 images were there"), again.err());
        assertEquals(old, Files.getLastModifiedTime(out.resolve("seed000001.png")));
        assertArrayEquals(second, Files.readAllBytes(out.resolve("seed000002.png")));
        assertEquals(3 * 18 + 2, ImageIO.read(folder.resolve("g.png").toFile()).getWidth());
        assertTrue(generate("--outdir", out).err().contains("nothing to draw, 5 images were there"));
    }

    @Test
    void imagesOfOtherSettingsAreNotMixed() throws IOException {
        Path out = folder.resolve("out");
        assertEquals(0, generate("--outdir", out).code());
        Outcome other = generate("--outdir", out, "--sampler", "lms");
        assertEquals(1, other.code());
        assertTrue(other.error().contains("holds images drawn with another --sampler"), other.error());
        model = model("other.safetensors", 2);
        assertTrue(generate("--outdir", out).error().contains("holds images drawn with another network"));
    }

    @Test
    void everySamplerAndScheduleDraws() throws IOException {
        Path grid = folder.resolve("grid.png");
        for (String options : List.of(
                "--sampler dpmpp-2m --schedule exponential",
                "--sampler unipc-bh2-3 --schedule polyexponential --rho 2",
                "--sampler dpmpp-2m-sde --eta 0.5 --S_noise 1.01",
                "--sampler ddim --schedule aligned",
                "--sampler euler --disc vp",
                "--sampler lms --sigmas 40,4,0.4,0.04",
                "--S_churn 5 --S_max 50",
                "--solver euler --disc iddpm --schedule vp --scaling vp",
                "--schedule ve")) {
            Files.deleteIfExists(grid);
            Outcome outcome = generate(append(options, "--grid", grid));
            assertEquals(0, outcome.code(), options + ": " + outcome.err());
            assertTrue(Files.exists(grid));
        }
    }

    private static Object[] append(String options, Object... more) {
        Object[] first = options.split(" ");
        Object[] all = Arrays.copyOf(first, first.length + more.length, Object[].class);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }

    @Test
    void guidanceOfOneChangesNothing() throws IOException {
        Path weaker = model("weaker.safetensors", 2);
        byte[] plain = drawn("plain.png");
        byte[] one = drawn("one.png", "--gnet", weaker, "--guidance", 1, "--swg", 1);
        assertArrayEquals(plain, one);
        assertFalse(Arrays.equals(plain, drawn("auto.png", "--gnet", weaker, "--guidance", 2)));
        assertFalse(Arrays.equals(plain, drawn("swg.png", "--swg", 2, "--swg-window", 8)));
        assertArrayEquals(plain, drawn("never.png", "--swg", 2, "--interval", "500,1000"));
        Outcome cfg = generate("--grid", folder.resolve("cfg.png"), "--cfg", 2);
        assertEquals(2, cfg.code());
        assertTrue(cfg.error().contains("--cfg: the model is unconditional"), cfg.error());
    }

    private byte[] drawn(String name, Object... options) throws IOException {
        Path grid = folder.resolve(name);
        Object[] all = Arrays.copyOf(options, options.length + 2);
        all[options.length] = "--grid";
        all[options.length + 1] = grid;
        Outcome outcome = generate(all);
        assertEquals(0, outcome.code(), outcome.err());
        return Files.readAllBytes(grid);
    }

    @Test
    void aPictureIsContinuedOnALargerCanvas() throws IOException {
        BufferedImage picture = new BufferedImage(10, 16, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 160; i++) {
            picture.setRGB(i % 10, i / 10, i * 0x010305 & 0xFFFFFF);
        }
        Path known = folder.resolve("known.png");
        PngFiles.write(known, picture);
        Path out = folder.resolve("out");
        Outcome outcome = generate("--outdir", out, "--image-size", "26x16", "--picture", known, "--picture-at", "5,0");
        assertEquals(0, outcome.code(), outcome.err());
        BufferedImage image = ImageIO.read(out.resolve("seed000004.png").toFile());
        assertEquals(26, image.getWidth());
        for (int i = 0; i < 160; i++) {
            assertEquals(picture.getRGB(i % 10, i / 10), image.getRGB(5 + i % 10, i / 10), "pixel " + i);
        }
        Outcome small = generate("--outdir", folder.resolve("o2"), "--picture", known, "--picture-at", "7,0");
        assertEquals(1, small.code());
        assertTrue(small.error().contains("does not fit at 7,0 into the drawn images of 16x16"), small.error());
    }

    @Test
    void aLargeCanvasIsTiled() throws IOException {
        Path out = folder.resolve("out");
        Outcome outcome = generate("--outdir", out, "--image-size", "40x24", "--tile", 16, "--overlap", 8);
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals(24, ImageIO.read(out.resolve("seed000000.png").toFile()).getHeight());
    }

    @Test
    void theTrajectoryIsAStripAndAnAnimation() throws IOException {
        Path strip = folder.resolve("steps.png");
        assertEquals(0, generate("--trajectory", strip).code());
        BufferedImage picture = ImageIO.read(strip.toFile());
        assertEquals(3 * 18 + 2, picture.getWidth());
        assertEquals(4 * 2 * 18 + 2, picture.getHeight());
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (ImageInputStream in =
                ImageIO.createImageInputStream(folder.resolve("steps.gif").toFile())) {
            reader.setInput(in);
            assertEquals(3, reader.getNumImages(true));
            assertEquals(4 * (8 * 16 + 2) + 2, reader.getWidth(0));
        } finally {
            reader.dispose();
        }
    }
}
