package org.patchdiffusion.data.source;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The picture that the first frame of a GIF is a part of (CompuServe, "GIF89a Specification", sections 18 and 20). Where the
 * frame does not reach, the picture is transparent.
 *
 * @param width columns of the picture, at least those that the frame reaches
 * @param height rows of the picture, at least those that the frame reaches
 * @param left first column of the frame
 * @param top first row of the frame
 */
record GifScreen(int width, int height, int left, int top) {

    private static final int HEADER = 13;
    private static final int IMAGE = 0x2C;
    private static final int IMAGE_BYTES = 10;
    private static final int EXTENSION = 0x21;
    private static final int HAS_PALETTE = 0x80;

    /** The screen of a file, or one that the frame fills if the file does not say. */
    static GifScreen read(byte[] file, PixelImage frame) {
        GifScreen filled = new GifScreen(frame.width(), frame.height(), 0, 0);
        if (file.length < HEADER) {
            return filled;
        }
        ByteBuffer gif = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int flags = file[10] & 0xFF;
        int at = HEADER + ((flags & HAS_PALETTE) == 0 ? 0 : 3 << (flags & 7) + 1);
        while (at + IMAGE_BYTES <= file.length && file[at] == EXTENSION) {
            at = behindBlocks(file, at + 2);
        }
        if (at + IMAGE_BYTES > file.length || file[at] != IMAGE) {
            return filled;
        }
        int left = gif.getShort(at + 1) & 0xFFFF;
        int top = gif.getShort(at + 3) & 0xFFFF;
        return new GifScreen(
                Math.max(gif.getShort(6) & 0xFFFF, left + frame.width()),
                Math.max(gif.getShort(8) & 0xFFFF, top + frame.height()),
                left,
                top);
    }

    /** Each block starts with its length; one of length 0 is the last. */
    private static int behindBlocks(byte[] file, int start) {
        int at = start;
        while (at < file.length && file[at] != 0) {
            at += 1 + (file[at] & 0xFF);
        }
        return at + 1;
    }

    /** Whether the frame is the whole picture. */
    boolean isFilledBy(PixelImage frame) {
        return width == frame.width() && height == frame.height();
    }

    /** The whole picture. */
    PixelImage show(PixelImage frame, Decoding how) {
        return frame.onCanvas(height, width, top, left, how.alpha() ? channel -> 0 : how::backgroundSample);
    }
}
