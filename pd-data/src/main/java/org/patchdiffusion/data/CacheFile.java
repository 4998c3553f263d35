package org.patchdiffusion.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.patchdiffusion.data.source.ImageDecoder;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.files.AtomicFolder;

/**
 * The file that holds the decoded images of a folder or zip, {@code NAME.pixels} beside it: the images one after the other,
 * then a JSON object that says what they were made from, its length, and four letters.
 */
final class CacheFile {

    private static final int MAGIC = 0x50445058;
    private static final int MAX_JSON = 1 << 16;
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * What a cache was made from.
     *
     * @param source hash of the files, the images chosen and their form
     * @param labels hash of their classes
     * @param fingerprint of the data set with these classes
     */
    record Origin(String source, String labels, String fingerprint) {}

    /** Hands over the images in order. */
    @FunctionalInterface
    interface Images {

        /** Hands over every image and gives the fingerprint of all. */
        String writeTo(DatasetOpener.Sink sink) throws IOException;
    }

    private final Path path;

    private CacheFile(Path path) {
        this.path = path;
    }

    /** The cache of a folder or zip. */
    static CacheFile of(Path source) {
        Path absolute = source.toAbsolutePath().normalize();
        String name =
                absolute.getFileName() == null ? "root" : absolute.getFileName().toString();
        return new CacheFile(absolute.resolveSibling(name + ".pixels"));
    }

    Path path() {
        return path;
    }

    /**
     * What the file was made from; empty if there is none, it is not a whole cache of that many bytes of images, or another
     * version of the decoder made it.
     *
     * @throws IOException if it cannot be read
     */
    Optional<Origin> origin(long imageBytes) throws IOException {
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            long end = file.length() - 2 * Integer.BYTES;
            if (end < imageBytes || end > imageBytes + MAX_JSON) {
                return Optional.empty();
            }
            file.seek(end);
            int length = file.readInt();
            if (file.readInt() != MAGIC || length != end - imageBytes) {
                return Optional.empty();
            }
            byte[] json = new byte[length];
            file.seek(imageBytes);
            file.readFully(json);
            return parse(json);
        }
    }

    private static Optional<Origin> parse(byte[] json) throws IOException {
        try {
            JsonNode node = JSON.readTree(json);
            if (node.path("decoder").asInt() != ImageDecoder.VERSION) {
                // Another release decoded the same files to other pixels.
                return Optional.empty();
            }
            return Optional.of(new Origin(
                    node.path("source").asText(),
                    node.path("labels").asText(),
                    node.path("fingerprint").asText()));
        } catch (JsonProcessingException e) {
            // Not what this program wrote: it is made again.
            return Optional.empty();
        }
    }

    /**
     * Writes the file under a temporary name and renames it when it is whole.
     *
     * @return the fingerprint of the images
     * @throws IOException if it cannot be written, or the images cannot be read; the message names the file
     */
    String write(String source, String labels, Images images) throws IOException {
        // One that was stopped in the middle left gigabytes under a hidden name.
        AtomicFolder.recover(path.getParent());
        try (AtomicFile file = AtomicFile.open(path)) {
            OutputStream out = file.stream();
            String fingerprint = images.writeTo((index, pixels) -> append(out, pixels));
            ObjectNode origin = JSON.createObjectNode();
            origin.put("decoder", ImageDecoder.VERSION)
                    .put("source", source)
                    .put("labels", labels)
                    .put("fingerprint", fingerprint);
            byte[] json = origin.toString().getBytes(StandardCharsets.UTF_8);
            append(
                    out,
                    ByteBuffer.allocate(json.length + 2 * Integer.BYTES)
                            .put(json)
                            .putInt(json.length)
                            .putInt(MAGIC)
                            .array());
            file.commit();
            return fingerprint;
        }
    }

    private void append(OutputStream out, byte[] bytes) throws IOException {
        try {
            out.write(bytes);
        } catch (IOException e) {
            throw new IOException("cannot write " + path + ": " + e.getMessage(), e);
        }
    }
}
