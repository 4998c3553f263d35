package org.patchdiffusion.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.zip.ZipException;

/**
 * The directory at the end of a zip file, looked over before a library makes objects of it: it must be whole, within the
 * file, and of no more entries than expected (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16).
 */
final class ZipDirectory {
    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END64_SIGNATURE = 0x06064b50;
    private static final int LOCATOR_SIGNATURE = 0x07064b50;

    private static final int END_SIZE = 22;
    private static final int END64_SIZE = 56;
    private static final int LOCATOR_SIZE = 20;
    private static final int ENTRY_SIZE = 46;
    private static final int LONGEST_COMMENT = 0xFFFF;
    private static final int CHUNK = 1 << 16;

    private final FileChannel channel;
    private final long fileSize;

    private long end;
    private long entries;
    private long size;
    private long offset;

    private ZipDirectory(FileChannel channel) throws IOException {
        this.channel = channel;
        fileSize = channel.size();
    }

    /**
     * Looks over the directory of a zip file.
     *
     * @throws ZipException if there is none and the file does not start like a zip
     * @throws IOException if there is none, it is damaged, or it has more entries; the message is the end of a sentence
     */
    static void check(FileChannel channel, int mostEntries) throws IOException {
        ZipDirectory directory = new ZipDirectory(channel);
        directory.findEnd();
        directory.checkPlace();
        directory.countEntries(mostEntries);
    }

    private void findEnd() throws IOException {
        int length = (int) Math.min(fileSize, END_SIZE + LONGEST_COMMENT);
        ByteBuffer tail = read(fileSize - length, length);
        int at = length - END_SIZE;
        while (at >= 0 && !isEnd(tail, at)) {
            at--;
        }
        if (at < 0) {
            boolean started =
                    fileSize >= Integer.BYTES && read(0, Integer.BYTES).getInt(0) == LOCAL_SIGNATURE;
            if (started) {
                throw new IOException(
                        "is cut short: the directory at the end of a zip file is missing; copy or download it again");
            }
            throw new ZipException("is not a zip file");
        }
        end = fileSize - length + at;
        int disks = Short.toUnsignedInt(tail.getShort(at + 4)) | Short.toUnsignedInt(tail.getShort(at + 6));
        entries = Short.toUnsignedInt(tail.getShort(at + 10));
        size = Integer.toUnsignedLong(tail.getInt(at + 12));
        offset = Integer.toUnsignedLong(tail.getInt(at + 16));
        if (!findLargeEnd() && disks != 0) {
            throw new IOException("is one part of a zip archive in several parts, which is not supported");
        }
    }

    private static boolean isEnd(ByteBuffer tail, int at) {
        return tail.getInt(at) == END_SIGNATURE
                && at + END_SIZE + Short.toUnsignedInt(tail.getShort(at + 20)) <= tail.limit();
    }

    /** The record of large archives, whose fields are wide enough; false if there is none. */
    private boolean findLargeEnd() throws IOException {
        if (end < LOCATOR_SIZE) {
            return false;
        }
        ByteBuffer locator = read(end - LOCATOR_SIZE, LOCATOR_SIZE);
        if (locator.getInt(0) != LOCATOR_SIGNATURE) {
            return false;
        }
        long at = locator.getLong(8);
        if (at < 0 || at > end - LOCATOR_SIZE - END64_SIZE) {
            throw outside("the end of its directory", at);
        }
        ByteBuffer large = read(at, END64_SIZE);
        if (large.getInt(0) != END64_SIGNATURE) {
            throw new IOException("is damaged: the end of its directory is not where it says");
        }
        end = at;
        entries = large.getLong(32);
        size = large.getLong(40);
        offset = large.getLong(48);
        return true;
    }

    private void checkPlace() throws IOException {
        if (size < 0 || size > end) {
            throw new IOException("is damaged: it declares a directory of " + Long.toUnsignedString(size)
                    + " bytes where at most " + end + " are");
        }
        if (offset < 0 || offset > end - size) {
            throw outside("its directory", offset);
        }
    }

    private IOException outside(String what, long at) {
        return new IOException("is damaged or cut short: it says that " + what + " begins at byte "
                + Long.toUnsignedString(at) + ", and it has " + fileSize + " bytes");
    }

    private void countEntries(int most) throws IOException {
        long at = end - size;
        long counted = 0;
        ByteBuffer chunk = read(at, 0);
        long chunkStart = at;
        while (at < end) {
            if (at + ENTRY_SIZE > chunkStart + chunk.limit()) {
                chunk = read(at, (int) Math.min(CHUNK, end - at));
                chunkStart = at;
            }
            int here = (int) (at - chunkStart);
            if (chunk.limit() - here < ENTRY_SIZE || chunk.getInt(here) != ENTRY_SIGNATURE) {
                throw new IOException(
                        "is damaged: its directory ends after " + counted + " of " + entries + " entries");
            }
            if (++counted > most) {
                throw new IOException("has more than " + most + " entries, the most that are accepted");
            }
            at += ENTRY_SIZE;
            for (int field = 28; field <= 32; field += Short.BYTES) {
                at += Short.toUnsignedInt(chunk.getShort(here + field));
            }
        }
        // Some writers let the narrow counter run over.
        if (at != end || (counted & 0xFFFF) != (entries & 0xFFFF)) {
            throw new IOException("is damaged: it declares " + Long.toUnsignedString(entries)
                    + " entries, and its directory has " + counted);
        }
    }

    private ByteBuffer read(long at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, at + buffer.position()) < 0) {
                throw new IOException("is cut short: it ends at byte " + (at + buffer.position()));
            }
        }
        return buffer.flip();
    }
}
