package org.patchdiffusion.data.convert;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.patchdiffusion.data.source.PixelImage;

/**
 * PNG files of gray, gray with alpha, RGB, or RGB with alpha, as many channels as the image has: never a palette, and
 * never gray for an RGB image that happens to be gray. Equal pixels give equal files.
 */
final class PngFile {

    /** ImageIO's measure of zlib's level 6. */
    private static final float QUALITY = 1f / 3;

    private PngFile() {}

    static byte[] encode(PixelImage image) throws IOException {
        ImageWriter writer = writer();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(file)) {
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(QUALITY);
            writer.setOutput(out);
            writer.write(null, new IIOImage(buffered(image), null, null), how);
            out.flush();
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }

    /** The JDK's own writer: another one on the class path would write other bytes. */
    private static ImageWriter writer() {
        Iterator<ImageWriter> writers = ImageIO.getImageWritersByFormatName("png");
        while (writers.hasNext()) {
            ImageWriter writer = writers.next();
            if (writer.getClass().getName().startsWith("com.sun.")) {
                return writer;
            }
        }
        throw new IllegalStateException("this Java has no PNG writer; the module java.desktop is missing");
    }

    private static BufferedImage buffered(PixelImage image) {
        int channels = image.channels();
        int plane = image.height() * image.width();
        byte[] samples = new byte[channels * plane];
        for (int c = 0; c < channels; c++) {
            for (int i = 0; i < plane; i++) {
                samples[i * channels + c] = image.pixels()[c * plane + i];
            }
        }
        int[] offsets = new int[channels];
        for (int c = 0; c < channels; c++) {
            offsets[c] = c;
        }
        boolean alpha = channels % 2 == 0;
        int space = channels <= 2 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB;
        ComponentColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(space),
                alpha,
                false,
                alpha ? ComponentColorModel.TRANSLUCENT : ComponentColorModel.OPAQUE,
                DataBuffer.TYPE_BYTE);
        WritableRaster raster = Raster.createInterleavedRaster(
                new DataBufferByte(samples, samples.length),
                image.width(),
                image.height(),
                image.width() * channels,
                channels,
                offsets,
                null);
        return new BufferedImage(model, raster, false, null);
    }
}
