package org.patchdiffusion.model.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import net.razorvine.pickle.Opcodes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.files.ZipArchive;

/**
 * The zip format of {@code torch.save}: a pickle (protocol 2) of an ordered dictionary whose tensors refer to storages
 * by key, and one stored, 64-byte-aligned entry for each storage.
 */
final class TorchStateDictWriter {
    private static final int ALIGNMENT = 64;
    private static final int LOCAL_HEADER = 30;
    private static final int EXTRA_HEADER = 4;
    private static final int ONE_BYTE = 0xFF;

    /** Writes the elements of a zip entry. */
    @FunctionalInterface
    private interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();

    private TorchStateDictWriter() {}

    /** The pickle that describes the tensors; the storage of the i-th one has the key "i". */
    static byte[] pickle(Map<String, INDArray> tensors) {
        TorchStateDictWriter writer = new TorchStateDictWriter();
        writer.op(Opcodes.PROTO, 2);
        writer.emptyOrderedDict();
        writer.op(Opcodes.MARK);
        int key = 0;
        for (Map.Entry<String, INDArray> e : tensors.entrySet()) {
            writer.text(e.getKey());
            writer.tensor(key++, e.getValue());
        }
        writer.op(Opcodes.SETITEMS);
        writer.op(Opcodes.STOP);
        return writer.pickle.toByteArray();
    }

    private void tensor(int key, INDArray array) {
        long[] shape = Shapes.of(array);
        global("torch._utils", "_rebuild_tensor_v2");
        op(Opcodes.MARK);
        op(Opcodes.MARK);
        text("storage");
        global("torch", PickleClasses.storageName(array.dataType()));
        text(Integer.toString(key));
        text("cpu");
        integer(ArrayBytes.size(array) / array.dataType().width());
        op(Opcodes.TUPLE);
        op(Opcodes.BINPERSID);
        integer(0);
        tuple(shape);
        tuple(strides(shape));
        op(Opcodes.NEWFALSE);
        emptyOrderedDict();
        op(Opcodes.TUPLE);
        op(Opcodes.REDUCE);
    }

    private static long[] strides(long[] shape) {
        long[] strides = new long[shape.length];
        long next = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = next;
            next *= Math.max(1, shape[axis]);
        }
        return strides;
    }

    private void emptyOrderedDict() {
        global("collections", "OrderedDict");
        op(Opcodes.EMPTY_TUPLE);
        op(Opcodes.REDUCE);
    }

    private void op(int opcode, int... argument) {
        pickle.write(opcode);
        Arrays.stream(argument).forEach(pickle::write);
    }

    private void global(String module, String name) {
        op(Opcodes.GLOBAL);
        pickle.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    private void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        op(Opcodes.BINUNICODE);
        pickle.writeBytes(littleEndian(bytes.length, Integer.BYTES));
        pickle.writeBytes(bytes);
    }

    private void tuple(long[] values) {
        op(Opcodes.MARK);
        Arrays.stream(values).forEach(this::integer);
        op(Opcodes.TUPLE);
    }

    private void integer(long value) {
        if (value <= ONE_BYTE) {
            op(Opcodes.BININT1, (int) value);
        } else if (value <= Integer.MAX_VALUE) {
            op(Opcodes.BININT);
            pickle.writeBytes(littleEndian(value, Integer.BYTES));
        } else {
            op(Opcodes.LONG1, Long.BYTES);
            pickle.writeBytes(littleEndian(value, Long.BYTES));
        }
    }

    private static byte[] littleEndian(long value, int bytes) {
        byte[] all = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        return Arrays.copyOf(all, bytes);
    }

    /** Writes the zip file. */
    static void write(Path file, byte[] pickle, Map<String, INDArray> tensors, OutputStream out) throws IOException {
        String folder = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
        PositionedStream positioned = new PositionedStream(out);
        try (ZipOutputStream zip = new ZipOutputStream(positioned)) {
            entry(zip, positioned, folder + "/data.pkl", pickle.length, o -> o.write(pickle));
            entry(zip, positioned, folder + "/byteorder", "little".length(), o -> o.write("little".getBytes()));
            int key = 0;
            for (INDArray array : tensors.values()) {
                String name = folder + "/data/" + key++;
                entry(zip, positioned, name, ArrayBytes.size(array), o -> ArrayBytes.write(array, o));
            }
            entry(zip, positioned, folder + "/version", 2, o -> o.write("3\n".getBytes()));
        }
    }

    private static void entry(ZipOutputStream zip, PositionedStream position, String name, long size, Content content)
            throws IOException {
        CRC32 crc = new CRC32();
        content.writeTo(new CheckedOutputStream(OutputStream.nullOutputStream(), crc));
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setTimeLocal(ZipArchive.ENTRY_TIME);
        entry.setSize(size);
        entry.setCrc(crc.getValue());
        zip.flush();
        entry.setExtra(padding(position.written + LOCAL_HEADER + name.getBytes(StandardCharsets.UTF_8).length));
        zip.putNextEntry(entry);
        content.writeTo(zip);
        zip.closeEntry();
    }

    /** An extra field that brings the elements to a multiple of 64 bytes, as PyTorch does for memory mapping. */
    private static byte[] padding(long headerEnd) {
        int fill = (int) Math.floorMod(-(headerEnd + EXTRA_HEADER), (long) ALIGNMENT);
        byte[] extra = new byte[EXTRA_HEADER + fill];
        Arrays.fill(extra, EXTRA_HEADER, extra.length, (byte) 'Z');
        ByteBuffer.wrap(extra)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 'F')
                .put((byte) 'B')
                .putShort((short) fill);
        return extra;
    }

    /** Counts what passes. */
    private static final class PositionedStream extends OutputStream {
        private final OutputStream out;
        private long written;

        PositionedStream(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int value) throws IOException {
            out.write(value);
            written++;
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            out.write(bytes, from, count);
            written += count;
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }
}
