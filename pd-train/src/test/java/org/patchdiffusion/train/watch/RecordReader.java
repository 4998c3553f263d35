package org.patchdiffusion.train.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads TFRecord files and protocol buffers byte by byte, from the published formats and with no code that writes them: the
 * checksum is computed bit by bit (Castagnoli's polynomial, reflected).
 */
final class RecordReader {
    private static final int CASTAGNOLI = 0x82F63B78;

    private RecordReader() {}

    /** A field of a message: its number, and what it holds as a number or as bytes. */
    record Field(int number, int wireType, long value, byte[] bytes) {
        double asDouble() {
            assertEquals(1, wireType);
            return Double.longBitsToDouble(value);
        }

        float asFloat() {
            assertEquals(5, wireType);
            return Float.intBitsToFloat((int) value);
        }

        long asVarint() {
            assertEquals(0, wireType);
            return value;
        }
    }

    /** The data of each record; its checksums are checked. */
    static List<byte[]> records(byte[] file) {
        List<byte[]> records = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            byte[] length = new byte[8];
            in.get(length);
            assertEquals(masked(length), in.getInt(), "checksum of a length");
            byte[] data = new byte
                    [(int) ByteBuffer.wrap(length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong()];
            in.get(data);
            assertEquals(masked(data), in.getInt(), "checksum of a record");
            records.add(data);
        }
        return records;
    }

    private static int masked(byte[] bytes) {
        int crc = -1;
        for (byte b : bytes) {
            crc ^= b & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 1 ? crc >>> 1 ^ CASTAGNOLI : crc >>> 1;
            }
        }
        crc = ~crc;
        return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
    }

    /** The fields of a message, in the order of the bytes. */
    static List<Field> fields(byte[] message) {
        List<Field> fields = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            int tag = (int) varint(in);
            int number = tag >>> 3;
            int type = tag & 7;
            switch (type) {
                case 0 -> fields.add(new Field(number, type, varint(in), null));
                case 1 -> fields.add(new Field(number, type, in.getLong(), null));
                case 2 -> {
                    byte[] bytes = new byte[(int) varint(in)];
                    in.get(bytes);
                    fields.add(new Field(number, type, 0, bytes));
                }
                case 5 -> fields.add(new Field(number, type, in.getInt(), null));
                default -> throw new AssertionError("wire type " + type + " of field " + number);
            }
        }
        return fields;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    /** The only field of that number. */
    static Field field(byte[] message, int number) {
        List<Field> found =
                fields(message).stream().filter(f -> f.number() == number).toList();
        assertEquals(1, found.size(), "fields of number " + number);
        return found.get(0);
    }
}
