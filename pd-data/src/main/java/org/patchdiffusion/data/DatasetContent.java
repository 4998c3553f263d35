package org.patchdiffusion.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Data sets made of arrays, and the rule by which the content of any data set becomes its fingerprint. */
final class DatasetContent {

    private DatasetContent() {}

    static ImageDataset of(
            String name,
            int channels,
            int height,
            int width,
            PixelType type,
            List<byte[]> images,
            int[] labels,
            List<String> classes) {
        DatasetDescription form =
                new DatasetDescription(name, images.size(), channels, height, width, type, classes, "");
        ImageDataset.requireLabels(name, images.size(), labels, classes.size());
        for (int i = 0; i < images.size(); i++) {
            if (images.get(i).length != form.imageBytes()) {
                throw new IllegalArgumentException(name + ": image " + i + " has " + images.get(i).length
                        + " bytes, expected " + form.imageBytes() + " for " + form);
            }
        }
        return ImageDataset.of(form, labels, new MemoryPixels(name, images.toArray(byte[][]::new)));
    }

    /** The fingerprint of images that have no paths. */
    static String fingerprint(DatasetDescription form, int[] labels, PixelReader pixels) {
        return Fingerprint.of(digest -> {
            start(digest, form);
            byte[] image = new byte[form.imageBytes()];
            for (int i = 0; i < form.size(); i++) {
                pixels.read(i).get(image);
                digest.text("").number(labels == null ? -1 : labels[i]).bytes(image);
            }
        });
    }

    /** The form of all images; then come path, class and pixels of each. */
    static void start(Fingerprint digest, DatasetDescription form) {
        // RGB came first: its fingerprints, which are in checkpoints, have no more than this.
        digest.number(form.size()).number(form.height()).number(form.width()).number(form.labelDim());
        if (form.channels() != 3 || form.pixels() != PixelType.UINT8) {
            digest.number(form.channels()).text(form.pixels().name());
        }
    }

    static DatasetDescription withFingerprint(DatasetDescription form, String fingerprint) {
        return new DatasetDescription(
                form.name(),
                form.size(),
                form.channels(),
                form.height(),
                form.width(),
                form.pixels(),
                form.classes(),
                fingerprint);
    }

    /** Little-endian float32. */
    static byte[] bytes(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** A name for each of a number of classes: those given, and the number where there is none. */
    static List<String> names(List<String> given, int count) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add(i < given.size() ? given.get(i) : String.valueOf(i));
        }
        return names;
    }
}
