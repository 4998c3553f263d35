package org.patchdiffusion.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.eval.Images;

/**
 * Some images of a data set. Closing it leaves the whole data set open.
 *
 * @param whole all images
 * @param indices which ones, in order
 * @param part name of the part
 */
record DatasetPart(ImageDataset whole, List<Integer> indices, String part) implements ImageDataset {

    DatasetPart {
        indices = List.copyOf(indices);
    }

    /** Every n-th image, from the n-th on. */
    static DatasetPart every(int n, ImageDataset whole) {
        return new DatasetPart(
                whole,
                IntStream.range(0, whole.size())
                        .filter(i -> i % n == n - 1)
                        .boxed()
                        .toList(),
                "held-out");
    }

    /** All images but every n-th. */
    static DatasetPart allButEvery(int n, ImageDataset whole) {
        return new DatasetPart(
                whole,
                IntStream.range(0, whole.size())
                        .filter(i -> i % n != n - 1)
                        .boxed()
                        .toList(),
                "training");
    }

    /** The first images of this part, as pictures; fewer if there are not so many. */
    Images pictures(int count) {
        List<byte[]> pixels = new ArrayList<>();
        for (int i = 0; i < Math.min(count, size()); i++) {
            pixels.add(image(i));
        }
        return new Images(channels(), height(), width(), pixels);
    }

    @Override
    public String name() {
        return whole.name();
    }

    @Override
    public int size() {
        return indices.size();
    }

    @Override
    public int height() {
        return whole.height();
    }

    @Override
    public int width() {
        return whole.width();
    }

    @Override
    public int channels() {
        return whole.channels();
    }

    @Override
    public int labelDim() {
        return whole.labelDim();
    }

    @Override
    public byte[] image(int index) {
        return whole.image(indices.get(index));
    }

    @Override
    public int label(int index) {
        return whole.label(indices.get(index));
    }

    @Override
    public String fingerprint() {
        return whole.fingerprint() + " " + part + " " + size();
    }

    @Override
    public void close() {
        // The whole data set has another owner.
    }
}
