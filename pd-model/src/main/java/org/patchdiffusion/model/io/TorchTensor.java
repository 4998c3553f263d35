package org.patchdiffusion.model.io;

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

    /**
     * A view that lies within its storage.
     *
     * @throws IOException if it does not, or if elements are used more than once
     */
    static TorchTensor of(TorchStorage storage, long offset, long[] shape, long[] stride) throws IOException {
        String what = "a tensor of shape " + Arrays.toString(shape);
        if (shape.length != stride.length || shape.length > Shapes.MOST_DIMENSIONS) {
            throw new IOException(what + " has " + stride.length + " strides");
        }
        long length = Shapes.bytes(shape, storage.type()) / storage.type().width();
        long span = length == 0 ? 0 : 1;
        for (int axis = 0; axis < shape.length && length > 0; axis++) {
            if (stride[axis] < 0 || (shape[axis] > 1 && stride[axis] > storage.count())) {
                throw new IOException(what + " has the impossible stride " + stride[axis]);
            }
            span += shape[axis] > 1 ? Math.min(storage.count(), shape[axis] - 1) * stride[axis] : 0;
            if (span > storage.count() || span < 0) {
                throw new IOException(what + " reaches beyond its storage of " + storage.count() + " elements");
            }
        }
        if (offset < 0 || offset > storage.count() - span || length > span) {
            throw new IOException(what + " does not fit its storage of " + storage.count() + " elements");
        }
        return new TorchTensor(storage, offset, shape, stride, span);
    }

    /** Type and shape. */
    TensorInfo info() {
        return new TensorInfo(storage.type(), Arrays.stream(shape).boxed().toList());
    }

    /** The elements, row-major, in a new array. */
    INDArray read() throws IOException {
        INDArray elements = Shapes.allocate(storage.type(), isRowMajor() ? shape : new long[] {span}, 'c');
        try {
            storage.read((in, size) -> {
                in.skipNBytes(offset * storage.type().width());
                ArrayBytes.read(in, elements);
                return null;
            });
        } catch (IOException e) {
            elements.close();
            throw e;
        }
        if (isRowMajor()) {
            return elements;
        }
        INDArray view = Nd4j.create(elements.data(), shape, stride, 0, 'c', storage.type());
        INDArray rowMajor = view.dup('c');
        elements.close();
        return rowMajor;
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
