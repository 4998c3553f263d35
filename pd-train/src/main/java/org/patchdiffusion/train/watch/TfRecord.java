package org.patchdiffusion.train.watch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * TensorFlow's record format: length (uint64), its checksum, data, their checksum, all little-endian. A checksum is CRC-32C,
 * rotated right by 15 bits, plus a constant, so that records within records keep it useful.
 */
final class TfRecord {
    private static final int MASK = 0xa282ead8;
    private static final int ROTATION = 15;

    private TfRecord() {}

    /** The record of some data. */
    static byte[] of(byte[] data) {
        ByteBuffer record = ByteBuffer.allocate(Long.BYTES + Integer.BYTES + data.length + Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(checksum(record.array(), Long.BYTES));
        record.put(data);
        record.putInt(checksum(data, data.length));
        return record.array();
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return Integer.rotateRight((int) crc.getValue(), ROTATION) + MASK;
    }
}
