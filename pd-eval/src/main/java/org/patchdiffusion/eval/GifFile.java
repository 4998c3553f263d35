package org.patchdiffusion.eval;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.patchdiffusion.files.AtomicFile;

/** Writes animated GIF files that go on for ever, each complete or not at all. */
public final class GifFile {
    private static final int MILLISECONDS_A_UNIT = 10;

    private GifFile() {}

    /**
     * Writes an animation.
     *
     * @param file its folder must exist
     * @param frames pictures of one size, at least one
     * @param milliseconds how long a frame is shown, to a hundredth of a second
     * @param millisecondsLast how long the last one is shown
     * @throws IllegalArgumentException if there are no frames
     * @throws IOException if the file cannot be written; the message names it
     */
    public static void write(Path file, List<BufferedImage> frames, int milliseconds, int millisecondsLast)
            throws IOException {
        if (frames.isEmpty()) {
            throw new IllegalArgumentException("got no frames, expected at least one for an animation");
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.prepareWriteSequence(null);
            for (int i = 0; i < frames.size(); i++) {
                BufferedImage frame = frames.get(i);
                int shown = i == frames.size() - 1 ? millisecondsLast : milliseconds;
                writer.writeToSequence(new IIOImage(frame, null, timing(writer, frame, shown, i == 0)), null);
            }
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
        AtomicFile.write(file, out -> out.write(bytes.toByteArray()));
    }

    private static IIOMetadata timing(ImageWriter writer, BufferedImage frame, int milliseconds, boolean first)
            throws IIOInvalidTreeException {
        IIOMetadata metadata = writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(frame), null);
        String format = metadata.getNativeMetadataFormatName();
        IIOMetadataNode root = new IIOMetadataNode(format);
        IIOMetadataNode control = new IIOMetadataNode("GraphicControlExtension");
        control.setAttribute("disposalMethod", "none");
        control.setAttribute("userInputFlag", "FALSE");
        control.setAttribute("transparentColorFlag", "FALSE");
        control.setAttribute("delayTime", Integer.toString(milliseconds / MILLISECONDS_A_UNIT));
        control.setAttribute("transparentColorIndex", "0");
        root.appendChild(control);
        if (first) {
            IIOMetadataNode extensions = new IIOMetadataNode("ApplicationExtensions");
            IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
            loop.setAttribute("applicationID", "NETSCAPE");
            loop.setAttribute("authenticationCode", "2.0");
            // Sub-block 1: how often to repeat, 0 for ever.
            loop.setUserObject(new byte[] {1, 0, 0});
            extensions.appendChild(loop);
            root.appendChild(extensions);
        }
        metadata.mergeTree(format, root);
        return metadata;
    }
}
