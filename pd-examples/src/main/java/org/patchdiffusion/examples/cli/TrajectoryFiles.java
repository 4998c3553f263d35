package org.patchdiffusion.examples.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.eval.GifFile;
import org.patchdiffusion.eval.ImageGrid;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.sample.ImageGenerator;

/** Draws how images come out of the noise: two rows an image, the noisy one over its estimate, one column a step. */
final class TrajectoryFiles {
    private static final int MOST_IMAGES = 4;
    private static final int MILLISECONDS_A_STEP = 150;
    private static final int MILLISECONDS_AT_THE_END = 2000;
    private static final int WIDTH = 128;

    private final ImageGenerator generator;

    TrajectoryFiles(ImageGenerator generator) {
        this.generator = generator;
    }

    /** Writes the strip, and beside it the GIF, which shows the estimates. */
    void write(long[] seeds, Path strip) throws IOException {
        long[] shown = Arrays.copyOf(seeds, Math.min(seeds.length, MOST_IMAGES));
        List<Images> noisy = new ArrayList<>();
        List<Images> estimates = new ArrayList<>();
        generator
                .sample(shown, (step, sigma, x, denoised) -> {
                    // In the scale of clean images: noise at sigma shows as noise, not as black and white.
                    try (INDArray visible = x.div(Math.sqrt(1 + sigma * sigma))) {
                        noisy.add(images(visible));
                    }
                    estimates.add(images(denoised));
                })
                .close();
        List<byte[]> cells = new ArrayList<>();
        for (int i = 0; i < shown.length; i++) {
            int image = i;
            noisy.forEach(step -> cells.add(step.pixels().get(image)));
            estimates.forEach(step -> cells.add(step.pixels().get(image)));
        }
        Images like = noisy.get(0);
        ImageGrid.ofColumns(noisy.size()).write(strip, new Images(like.channels(), like.height(), like.width(), cells));
        writeGif(estimates, gif(strip));
    }

    private static void writeGif(List<Images> steps, Path file) throws IOException {
        int scale = Math.max(1, WIDTH / steps.get(0).width());
        List<BufferedImage> frames = steps.stream()
                .map(step -> ImageGrid.ofColumns(step.count()).withScale(scale).draw(step))
                .toList();
        GifFile.write(file, frames, MILLISECONDS_A_STEP, MILLISECONDS_AT_THE_END);
    }

    private static Path gif(Path strip) {
        String name = strip.getFileName().toString();
        return strip.resolveSibling(name.substring(0, name.length() - ".png".length()) + ".gif");
    }

    private Images images(INDArray whole) {
        long[] shape = generator.imageShape();
        return Images.fromModelRange(whole.get(
                NDArrayIndex.all(),
                NDArrayIndex.all(),
                NDArrayIndex.interval(0, shape[1]),
                NDArrayIndex.interval(0, shape[2])));
    }
}
