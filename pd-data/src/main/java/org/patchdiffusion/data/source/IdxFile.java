package org.patchdiffusion.data.source;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.patchdiffusion.files.Messages;

/**
 * MNIST, Fashion-MNIST and their kin: uint8 arrays in the idx format. Images of 28x28 get two black pixels on each side,
 * as the official tool does, so that their side can be halved.
 */
final class IdxFile {

    /** The code of unsigned bytes in the third byte of a file. */
    static final int UINT8 = 8;

    private static final int MNIST_SIDE = 28;
    private static final int MARGIN = 2;
    private static final long MAX_BYTES = 1L << 30;
    private static final int MAX_CLASS = 255;

    private IdxFile() {}

    static ImageSource open(Path path) throws IOException {
        Idx images = read(path, 3);
        int count = images.sizes[0];
        int height = images.sizes[1];
        int width = images.sizes[2];
        byte[] samples = images.samples;
        if (count < 1 || height < 1 || width < 1) {
            throw new IOException(path + ": holds no images");
        }
        if (height == MNIST_SIDE && width == MNIST_SIDE) {
            samples = padded(samples, count);
            height += 2 * MARGIN;
            width += 2 * MARGIN;
        }
        PixelImage shape = new PixelImage(1, height, width, new byte[height * width]);
        return new ArraySource(path, shape, List.of(samples), count, labels(path, count), List.of());
    }

    private record Idx(int[] sizes, byte[] samples) {}

    private static byte[] padded(byte[] samples, int count) {
        int side = MNIST_SIDE + 2 * MARGIN;
        byte[] padded = new byte[Math.multiplyExact(count, side * side)];
        for (int row = 0; row < count * MNIST_SIDE; row++) {
            int to = (row / MNIST_SIDE * side + row % MNIST_SIDE + MARGIN) * side + MARGIN;
            System.arraycopy(samples, row * MNIST_SIDE, padded, to, MNIST_SIDE);
        }
        return padded;
    }

    /** The labels lie in a file of the same name with other words; without it there are none. */
    private static int[] labels(Path images, int count) throws IOException {
        String name = images.getFileName().toString();
        String other = name.replace("images", "labels").replace("idx3", "idx1");
        Path path = images.resolveSibling(other);
        if (other.equals(name) || !Files.exists(path)) {
            return new int[0];
        }
        Idx idx = read(path, 1);
        if (idx.sizes[0] != count) {
            throw new IOException(path + ": holds " + Messages.count(idx.sizes[0], "label") + " for the "
                    + Messages.count(count, "image") + " of " + images);
        }
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = idx.samples[i] & MAX_CLASS;
        }
        return labels;
    }

    private static Idx read(Path path, int dimensions) throws IOException {
        try (DataInputStream in = new DataInputStream(FileKind.unzipped(path))) {
            int magic = in.readInt();
            if (magic != (UINT8 << Byte.SIZE | dimensions)) {
                throw new IOException("it is not an idx file of bytes with " + dimensions
                        + " dimensions; give the file of images, and keep that of labels beside it");
            }
            int[] sizes = new int[dimensions];
            double total = 1;
            for (int i = 0; i < dimensions; i++) {
                sizes[i] = in.readInt();
                total *= sizes[i] < 0 ? Double.POSITIVE_INFINITY : sizes[i];
            }
            if (!(total <= MAX_BYTES)) {
                throw new IOException("it claims more than the " + (MAX_BYTES >> 20) + " MiB allowed");
            }
            byte[] samples = in.readNBytes((int) total);
            if (samples.length < total || in.read() >= 0) {
                throw new EOFException("its length is not the one that it states");
            }
            return new Idx(sizes, samples);
        } catch (IOException e) {
            String reason = e.getMessage() == null ? "it ends too early" : e.getMessage();
            throw new IOException(path + ": cannot be read (" + reason + ")", e);
        }
    }
}
