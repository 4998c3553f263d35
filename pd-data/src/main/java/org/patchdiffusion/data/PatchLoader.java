package org.patchdiffusion.data;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.augment.AugmentPlace;

/** Makes the batch of a step: draws the crops and fills the arrays. Stateless: safe for use by many threads. */
final class PatchLoader {

    private final ImageDataset dataset;
    private final PatchCropper cropper;
    private final long seed;
    private final boolean flip;
    private final Augmenter augmenter;

    /** @param augmenter null for none */
    PatchLoader(ImageDataset dataset, long seed, boolean flip, Augmenter augmenter) {
        this.dataset = dataset;
        this.seed = seed;
        this.flip = flip;
        this.augmenter = augmenter;
        cropper = new PatchCropper(dataset.channels(), dataset.height(), dataset.width());
    }

    /** The batch of a step, a pure function of (seed, step, size, images). */
    PatchBatch load(long step, PatchSize size, int[] images) {
        List<Crop> crops = new ArrayList<>(images.length);
        for (int i = 0; i < images.length; i++) {
            crops.add(cropper.draw(seed, step, i, images[i], size, flip));
        }
        return fill(step, size, crops);
    }

    private PatchBatch fill(long step, PatchSize size, List<Crop> crops) {
        int batch = crops.size();
        int area = size.height() * size.width();
        int channels = dataset.channels();
        int classes = dataset.labelDim();
        float[] y = new float[batch * channels * area];
        float[] pos = new float[batch * Positions.CHANNELS * area];
        float[] labels = new float[batch * classes];
        int augmentDim = augmenter == null ? 0 : augmenter.pipeline().labelDim();
        float[] augmentLabels = new float[batch * augmentDim];
        for (int i = 0; i < batch; i++) {
            Crop crop = crops.get(i);
            cut(step, i, crop, size, y, augmentLabels);
            cropper.positions(crop.top(), crop.left(), size, pos, i * Positions.CHANNELS * area);
            if (classes > 0) {
                labels[i * classes + dataset.label(crop.image())] = 1;
            }
        }
        // The arrays outlive any workspace that the calling thread may have open.
        MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        try {
            return new PatchBatch(
                    step,
                    size,
                    Nd4j.create(y, new long[] {batch, channels, size.height(), size.width()}, 'c'),
                    Nd4j.create(pos, new long[] {batch, Positions.CHANNELS, size.height(), size.width()}, 'c'),
                    matrix(labels, batch, classes),
                    matrix(augmentLabels, batch, augmentDim),
                    crops);
        } finally {
            outside.close();
        }
    }

    private static INDArray matrix(float[] values, int rows, int columns) {
        return columns == 0 ? null : Nd4j.create(values, new long[] {rows, columns}, 'c');
    }

    private void cut(long step, int index, Crop crop, PatchSize size, float[] y, float[] augmentLabels) {
        ByteBuffer image = dataset.read(crop.image());
        PixelType pixels = dataset.description().pixels();
        int channels = dataset.channels();
        int at = index * channels * size.height() * size.width();
        if (augmenter == null) {
            cropper.cut(image, pixels, crop, size, y, at);
        } else if (augmenter.place() == AugmentPlace.PATCH) {
            cropper.cut(image, pixels, crop, size, y, at);
            augmenter.apply(y, at, channels, size, step, index, augmentLabels);
        } else {
            PatchSize all = new PatchSize(dataset.height(), dataset.width());
            float[] whole = new float[channels * all.height() * all.width()];
            cropper.cut(image, pixels, new Crop(crop.image(), false, 0, 0), all, whole, 0);
            augmenter.apply(whole, 0, channels, all, step, index, augmentLabels);
            cropper.values(whole, crop, size, y, at);
        }
    }
}
