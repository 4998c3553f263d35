package org.patchdiffusion.model.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.files.Messages;

/**
 * The header of a {@code .npy} array (NumPy Enhancement Proposal 1, format versions 1.0 to 3.0).
 *
 * @param type element type
 * @param fortranOrder whether the first axis varies fastest
 * @param shape dimensions; empty for a scalar
 * @param size bytes that the header takes, from the magic string to the first element
 */
record NpyHeader(DataType type, boolean fortranOrder, long[] shape, int size) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int LONGEST = 1 << 16;
    private static final int ALIGNMENT = 64;
    private static final Map<String, DataType> TYPES = Map.ofEntries(
            Map.entry("<f4", DataType.FLOAT),
            Map.entry("<f8", DataType.DOUBLE),
            Map.entry("<f2", DataType.FLOAT16),
            Map.entry("<i8", DataType.INT64),
            Map.entry("<i4", DataType.INT32),
            Map.entry("<i2", DataType.INT16),
            Map.entry("|i1", DataType.INT8),
            Map.entry("|u1", DataType.UINT8),
            Map.entry("|b1", DataType.BOOL));

    /** Number of bytes of the elements, or a refusal if that is absurd. */
    long dataSize() throws IOException {
        return Shapes.bytes(shape, type);
    }

    /** The header of a row-major array, if NumPy has its element type. */
    static Optional<byte[]> encode(DataType type, long[] shape) {
        return TYPES.entrySet().stream()
                .filter(e -> e.getValue() == type)
                .findFirst()
                .map(e -> encode(e.getKey(), shape));
    }

    private static byte[] encode(String descr, long[] shape) {
        String dims = Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", "));
        String text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + dims
                + (shape.length == 1 ? ",)" : ")") + ", }";
        int unpadded = MAGIC.length + 4 + text.length() + 1;
        int size = (unpadded + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer header = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        header.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (size - MAGIC.length - 4));
        header.put(text.getBytes(StandardCharsets.US_ASCII));
        while (header.remaining() > 1) {
            header.put((byte) ' ');
        }
        return header.put((byte) '\n').array();
    }

    /** Reads a header, leaving the stream at the first element. */
    static NpyHeader read(InputStream in) throws IOException {
        byte[] start = exactly(in, MAGIC.length + 2);
        if (!Arrays.equals(Arrays.copyOf(start, MAGIC.length), MAGIC)) {
            throw new IOException("it does not start with NumPy's magic string");
        }
        int version = start[MAGIC.length];
        if (version < 1 || version > 3 || start[MAGIC.length + 1] != 0) {
            throw new IOException("its NumPy format version is " + version + "." + start[MAGIC.length + 1]
                    + ", expected 1.0, 2.0 or 3.0");
        }
        int lengthBytes = version == 1 ? 2 : 4;
        ByteBuffer field = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        long length = field.put(exactly(in, lengthBytes)).getInt(0) & 0xFFFFFFFFL;
        if (length > LONGEST) {
            throw new IOException("its header claims " + length + " bytes, at most " + LONGEST + " are accepted");
        }
        String text = new String(exactly(in, (int) length), StandardCharsets.UTF_8);
        NpyFields fields = NpyFields.parse(text);
        return new NpyHeader(
                type(fields.descr()),
                fields.fortranOrder(),
                fields.shape(),
                MAGIC.length + 2 + lengthBytes + (int) length);
    }

    private static DataType type(String descr) throws IOException {
        if (descr.contains("O")) {
            throw new IOException("it holds pickled Python objects, which are never loaded");
        }
        DataType type = TYPES.get(descr);
        if (type == null) {
            throw new IOException("its element type " + Messages.printable(descr) + " is not supported (use float32,"
                    + " float64, float16, int64, int32, int16, int8, uint8 or bool in little-endian order)");
        }
        return type;
    }

    private static byte[] exactly(InputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new IOException("it ends within its header");
        }
        return bytes;
    }
}
