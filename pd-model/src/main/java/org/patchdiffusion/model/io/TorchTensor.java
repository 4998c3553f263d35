package org.patchdiffusion.model.io;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A tensor as PyTorch saves it: a strided view of a storage. Arrays of the record are not copied and never changed.
 *
 * @param storage the elements
 * @param offset index of the first element in the storage
 * @param shape dimensions
 * @param stride distance between neighbours along each axis, in elements
 * @param span number of storage elements from the first to the last one used
 */
record TorchTensor(TorchStorage storage, long offset, long[] shape, long[] stride, long span) {
    /** A small file may hold a huge tensor that repeats a few elements; weights never do. */
    private static final long MOST_REPEATED = 1L << 24;

    /**
     * A view that lies within its storage. It may use elements more than once, as an expanded tensor does.
     *
     * @throws IOException if it does not lie within, or is very large for the elements that it has
     */
    static TorchTensor of(TorchStorage storage, long offset, long[] shape, long[] stride) throws IOException {
        if (shape.length != stride.length || shape.length > Shapes.MOST_DIMENSIONS) {
            throw new IOException("a tensor has " + shape.length + " dimensions and " + stride.length
                    + " strides, expected as many, and" + " at most " + Shapes.MOST_DIMENSIONS);
        }
        String what = "a tensor of shape " + Arrays.toString(shape);
        long length = Shapes.bytes(shape, storage.type()) / storage.type().width();
        long span = length == 0 ? 0 : span(shape, stride, what);
        if (offset < 0 || span > storage.count() || offset > storage.count() - span) {
            throw new IOException(what + " reaches beyond its storage of " + storage.count() + " elements");
        }
        if (length > span && length > MOST_REPEATED) {
            throw new IOException(what + " repeats " + span + " elements, at most " + MOST_REPEATED
                    + " are accepted of such a tensor");
        }
        return new TorchTensor(storage, offset, shape, stride, span);
    }

    private static long span(long[] shape, long[] stride, String what) throws IOException {
        try {
            long last = 0;
            for (int axis = 0; axis < shape.length; axis++) {
                if (stride[axis] < 0) {
                    throw new IOException(what + " has the impossible stride " + stride[axis]);
                }
                last = Math.addExact(last, shape[axis] == 1 ? 0 : Math.multiplyExact(shape[axis] - 1, stride[axis]));
            }
            return Math.addExact(last, 1);
        } catch (ArithmeticException e) {
            throw new IOException(what + " reaches beyond every storage", e);
        }
    }

    /** Type and shape. */
    TensorInfo info() {
        return new TensorInfo(storage.type(), Arrays.stream(shape).boxed().toList());
    }

    /** The elements, row-major, in a new array. */
    INDArray read() throws IOException {
        if (isRowMajor()) {
            return stored(shape);
        }
        if (Arrays.stream(shape).reduce(1, (a, b) -> a * b) > span) {
            return repeated();
        }
        INDArray elements = stored(new long[] {span});
        try {
            return Nd4j.create(elements.data(), shape, stride, 0, 'c', storage.type())
                    .dup('c');
        } finally {
            elements.close();
        }
    }

    /** The elements from the first to the last one used, as they are stored. */
    private INDArray stored(long[] as) throws IOException {
        INDArray elements = Shapes.allocate(storage.type(), as, 'c');
        try {
            storage.read((in, size) -> {
                in.skipNBytes(offset * storage.type().width());
                ArrayBytes.read(in, elements);
                return null;
            });
            return elements;
        } catch (IOException e) {
            elements.close();
            throw e;
        }
    }

    /** Copies byte by byte: ND4J's broadcast leaves zeros for some element types. */
    private INDArray repeated() throws IOException {
        int width = storage.type().width();
        ByteArrayOutputStream used = new ByteArrayOutputStream();
        storage.read((in, size) -> {
            in.skipNBytes(offset * width);
            used.writeBytes(in.readNBytes(Math.toIntExact(span * width)));
            return null;
        });
        byte[] from = used.toByteArray();
        INDArray result = Shapes.allocate(storage.type(), shape, 'c');
        byte[] to = new byte[Math.toIntExact(ArrayBytes.size(result))];
        long[] index = new long[shape.length];
        for (int at = 0; at < to.length; at += width) {
            long element = 0;
            for (int axis = 0; axis < index.length; axis++) {
                element += index[axis] * stride[axis];
            }
            System.arraycopy(from, (int) element * width, to, at, width);
            for (int axis = index.length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) {
                index[axis] = 0;
            }
        }
        ArrayBytes.read(new ByteArrayInputStream(to), result);
        return result;
    }

    private boolean isRowMajor() {
        long expected = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            if (shape[axis] > 1 && stride[axis] != expected) {
                return false;
            }
            expected *= shape[axis];
        }
        return true;
    }
}
