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
        int classes = dataset.labelDim();
        int augmentDim = augmenter == null ? 0 : augmenter.pipeline().labelDim();
        int area = size.height() * size.width();
        float[] patch = new float[dataset.channels() * area];
        float[] places = new float[Positions.CHANNELS * area];
        float[] augmentLabels = new float[batch * augmentDim];
        // The arrays outlive any workspace that the calling thread may have open.
        MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        try {
            FilledArray y = FilledArray.of(batch, dataset.channels(), size.height(), size.width());
            FilledArray pos = FilledArray.of(batch, Positions.CHANNELS, size.height(), size.width());
            float[] labels = new float[batch * classes];
            for (int i = 0; i < batch; i++) {
                Crop crop = crops.get(i);
                cut(step, i, crop, size, patch, augmentLabels);
                y.add(patch);
                cropper.positions(crop.top(), crop.left(), size, places, 0);
                pos.add(places);
                if (classes > 0) {
                    labels[i * classes + dataset.label(crop.image())] = 1;
                }
            }
            return new PatchBatch(
                    step,
                    size,
                    y.array(),
                    pos.array(),
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

    private void cut(long step, int index, Crop crop, PatchSize size, float[] patch, float[] augmentLabels) {
        ByteBuffer image = dataset.read(crop.image());
        PixelType pixels = dataset.description().pixels();
        int channels = dataset.channels();
        if (augmenter == null) {
            cropper.cut(image, pixels, crop, size, patch, 0);
        } else if (augmenter.place() == AugmentPlace.PATCH) {
            cropper.cut(image, pixels, crop, size, patch, 0);
            augmenter.apply(patch, 0, channels, size, step, index, augmentLabels);
        } else {
            PatchSize all = new PatchSize(dataset.height(), dataset.width());
            float[] whole = new float[channels * all.height() * all.width()];
            cropper.cut(image, pixels, new Crop(crop.image(), false, 0, 0), all, whole, 0);
            augmenter.apply(whole, 0, channels, all, step, index, augmentLabels);
            cropper.values(whole, crop, size, patch, 0);
        }
    }
}
