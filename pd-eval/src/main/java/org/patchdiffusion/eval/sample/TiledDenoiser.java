package org.patchdiffusion.eval.sample;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.Denoiser;
import org.patchdiffusion.model.PatchDenoiser;

/**
 * Denoises pictures of any size by overlapping windows, each with its own coordinates, and averages their estimates of the
 * clean picture (as MultiDiffusion does, Bar-Tal et al. 2023, arXiv 2302.08113). Beside the picture it holds a few windows only.
 *
 * <p>Closing frees its buffers; the denoiser of the windows stays the caller's.
 */
public final class TiledDenoiser implements Denoiser, AutoCloseable {
    /** Windows that are denoised at a time. */
    private static final int CHUNK = 8;

    private final PatchDenoiser windows;
    private final Canvas canvas;
    private final PatchSize size;
    private final List<int[]> places = new ArrayList<>();
    private final INDArray weight;
    private final INDArray total;
    private final KeptArray sum = new KeptArray();
    private final KeptArray patches = new KeptArray();
    private final KeptArray levels = new KeptArray();
    private final KeptArray classes = new KeptArray();
    private final KeptArray positions = new KeptArray();

    /**
     * Covers a canvas.
     *
     * @param windows denoises patches of the tiling's size
     * @throws IllegalArgumentException if the canvas is smaller than a window
     */
    public TiledDenoiser(PatchDenoiser windows, Canvas canvas, Tiling tiling) {
        this.windows = windows;
        this.canvas = canvas;
        this.size = tiling.window();
        for (int row : tiling.starts(canvas.size().height(), size.height())) {
            for (int column : tiling.starts(canvas.size().width(), size.width())) {
                places.add(new int[] {row, column});
            }
        }
        try (INDArray vertical = Nd4j.createFromArray(tiling.weights(size.height()));
                INDArray horizontal = Nd4j.createFromArray(tiling.weights(size.width()))) {
            weight = vertical.reshape(size.height(), 1)
                    .mmul(horizontal.reshape(1, size.width()))
                    .reshape(1, size.height(), size.width())
                    .dup('c');
        }
        total = Nd4j.zeros(
                DataType.FLOAT, 1, 1, canvas.size().height(), canvas.size().width());
        for (int i = 0; i < places.size(); i++) {
            window(total, i).addi(weight);
        }
    }

    /** How many windows cover a picture. */
    public int windowCount() {
        return places.size();
    }

    @Override
    public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
        INDArray result = sum.like(x).assign(0);
        int images = (int) x.size(0);
        int all = images * places.size();
        for (int from = 0; from < all; from += CHUNK) {
            int count = Math.min(CHUNK, all - from);
            INDArray denoised = chunk(x, sigma, labels, from, count);
            for (int k = 0; k < count; k++) {
                try (INDArray weighted = denoised.get(NDArrayIndex.point(k)).mul(weight)) {
                    window(result, from + k).addi(weighted);
                }
            }
        }
        result.divi(total);
        return result;
    }

    private INDArray chunk(INDArray x, INDArray sigma, INDArray labels, int from, int count) {
        INDArray inputs = patches.of(x, count, x.size(1), size.height(), size.width());
        INDArray sigmas = levels.of(sigma, count);
        INDArray at = positions.of(x, count, 2, size.height(), size.width());
        INDArray chosen = labels == null ? null : classes.of(labels, count, labels.size(1));
        for (int k = 0; k < count; k++) {
            int image = (from + k) / places.size();
            int[] place = places.get((from + k) % places.size());
            inputs.get(NDArrayIndex.point(k)).assign(window(x, from + k));
            sigmas.putScalar(k, sigma.getFloat(image));
            try (INDArray own = canvas.part(place[0], place[1], size).positions()) {
                at.get(NDArrayIndex.interval(k, k + 1)).assign(own);
            }
            if (labels != null) {
                chosen.get(NDArrayIndex.point(k)).assign(labels.get(NDArrayIndex.point(image)));
            }
        }
        return windows.denoise(inputs, sigmas, chosen, at);
    }

    /** The part of an image {@code [C, h, w]} that a window covers; windows are numbered image after image. */
    private INDArray window(INDArray images, int number) {
        int[] place = places.get(number % places.size());
        return images.get(NDArrayIndex.point(number / places.size()), NDArrayIndex.all(), rows(place), columns(place));
    }

    private INDArrayIndex rows(int[] place) {
        return NDArrayIndex.interval(place[0], place[0] + size.height());
    }

    private INDArrayIndex columns(int[] place) {
        return NDArrayIndex.interval(place[1], place[1] + size.width());
    }

    @Override
    public void close() {
        for (KeptArray kept : List.of(sum, patches, levels, classes, positions)) {
            kept.close();
        }
        weight.close();
        total.close();
    }
}
