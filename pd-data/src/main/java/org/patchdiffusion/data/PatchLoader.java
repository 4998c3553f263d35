package org.patchdiffusion.data;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/** Makes the batch of a step: draws the crops and fills the arrays. Stateless: safe for use by many threads. */
final class PatchLoader {

    private final ImageDataset dataset;
    private final PatchCropper cropper;
    private final long seed;
    private final boolean flip;

    PatchLoader(ImageDataset dataset, long seed, boolean flip) {
        this.dataset = dataset;
        this.seed = seed;
        this.flip = flip;
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
        PixelType pixels = dataset.description().pixels();
        float[] y = new float[batch * channels * area];
        float[] pos = new float[batch * Positions.CHANNELS * area];
        float[] labels = new float[batch * classes];
        for (int i = 0; i < batch; i++) {
            Crop crop = crops.get(i);
            cropper.cut(dataset.read(crop.image()), pixels, crop, size, y, i * channels * area);
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
                    classes == 0 ? null : Nd4j.create(labels, new long[] {batch, classes}, 'c'),
                    crops);
        } finally {
            outside.close();
        }
    }
}
