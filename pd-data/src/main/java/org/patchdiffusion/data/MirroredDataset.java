package org.patchdiffusion.data;

import org.patchdiffusion.data.source.RgbImage;

/** A data set followed by its images mirrored left to right: image {@code size + i} mirrors image {@code i}. */
final class MirroredDataset implements ImageDataset {

    private final ImageDataset images;

    MirroredDataset(ImageDataset images) {
        if (images.size() > Integer.MAX_VALUE / 2) {
            throw new IllegalArgumentException(images.name() + ": too many images to mirror");
        }
        this.images = images;
    }

    @Override
    public String name() {
        return images.name();
    }

    @Override
    public int size() {
        return 2 * images.size();
    }

    @Override
    public int height() {
        return images.height();
    }

    @Override
    public int width() {
        return images.width();
    }

    @Override
    public int channels() {
        return images.channels();
    }

    @Override
    public int labelDim() {
        return images.labelDim();
    }

    @Override
    public byte[] image(int index) {
        if (index < images.size()) {
            return images.image(index);
        }
        return new RgbImage(height(), width(), images.image(index - images.size()))
                .mirrored()
                .pixels();
    }

    @Override
    public int label(int index) {
        return images.label(index < images.size() ? index : index - images.size());
    }

    @Override
    public String fingerprint() {
        return Fingerprint.of(digest -> digest.text("mirrored").text(images.fingerprint()));
    }

    @Override
    public void close() {
        images.close();
    }
}
