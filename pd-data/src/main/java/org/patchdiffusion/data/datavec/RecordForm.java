package org.patchdiffusion.data.datavec;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.PixelType;

/**
 * The form of the images of records.
 *
 * @param order for each channel, the number that it has in a record
 * @param height rows
 * @param width columns
 * @param pixels what the arrays hold
 * @param shape shape of the first record's array
 */
record RecordForm(int[] order, int height, int width, PixelType pixels, long[] shape) {

    static RecordForm of(String where, List<Writable> record, int[] channelOrder, PixelType pixels) throws IOException {
        long[] shape = array(where, record).get().shape();
        int rank = shape.length;
        if (rank < 2 || rank > 4 || rank == 4 && shape[0] != 1) {
            throw new IOException(
                    where + " is an array of shape " + Arrays.toString(shape) + ", expected [channels, height, width]");
        }
        int channels = rank == 2 ? 1 : (int) shape[rank - 3];
        int[] order = channelOrder == null ? IntStream.range(0, channels).toArray() : channelOrder;
        for (int channel : order) {
            if (channel < 0 || channel >= channels) {
                throw new IOException(where + " has no channel " + channel + ", only 0 to " + (channels - 1));
            }
        }
        return new RecordForm(order, (int) shape[rank - 2], (int) shape[rank - 1], pixels, shape);
    }

    int channels() {
        return order.length;
    }

    /** The bytes of a record's image, as a data set keeps them. */
    byte[] image(String where, List<Writable> record) throws IOException {
        INDArray array = array(where, record).get();
        if (!Arrays.equals(array.shape(), shape)) {
            throw new IOException(where + " is an array of shape " + Arrays.toString(array.shape()) + ", expected "
                    + Arrays.toString(shape) + " as the first one; let the reader scale them to one size");
        }
        float[] values = array.castTo(DataType.FLOAT).dup('c').data().asFloat();
        int area = height * width;
        ByteBuffer out =
                ByteBuffer.allocate(order.length * area * pixels.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int channel : order) {
            for (int i = channel * area; i < (channel + 1) * area; i++) {
                put(where, values[i], out);
            }
        }
        return out.array();
    }

    private void put(String where, float value, ByteBuffer out) throws IOException {
        if (pixels == PixelType.FLOAT32) {
            out.putFloat(value);
            return;
        }
        if (!(value >= 0 && value <= 255) || value != (int) value) {
            throw new IOException(where + " holds " + value
                    + ", expected whole numbers from 0 to 255; ask for FLOAT32 pixels, which stay as they are");
        }
        out.put((byte) value);
    }

    private static NDArrayWritable array(String where, List<Writable> record) throws IOException {
        if (record.isEmpty() || !(record.get(0) instanceof NDArrayWritable array)) {
            throw new IOException(where + " starts with "
                    + (record.isEmpty() ? "nothing" : record.get(0).getClass().getSimpleName())
                    + ", expected an array [channels, height, width]");
        }
        return array;
    }

    static float[] floats(byte[] bytes) {
        float[] values = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }
}
