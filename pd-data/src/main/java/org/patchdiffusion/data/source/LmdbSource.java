package org.patchdiffusion.data.source;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Image files as the values of an lmdb, as LSUN ships them, in the order of their keys. They have no classes. */
final class LmdbSource implements ImageSource {

    /** The file that makes a folder an lmdb. */
    static final String DATA = "data.mdb";

    private static final int MAX_IMAGE_FILE_BYTES = 64 << 20;

    private final Path path;
    private final LmdbFile file;
    private final List<String> images = new ArrayList<>();
    private final Map<String, LmdbFile.Value> values = new HashMap<>();

    LmdbSource(Path path) throws IOException {
        this.path = path;
        this.file = new LmdbFile(path.resolve(DATA));
        try {
            file.forEach((key, value) -> {
                String name = name(key);
                images.add(name);
                values.put(name, value);
            });
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static String name(byte[] key) {
        for (byte b : key) {
            if (b <= ' ' || b > '~') {
                return HexFormat.of().formatHex(key);
            }
        }
        return new String(key, StandardCharsets.US_ASCII);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public List<String> images() {
        return images;
    }

    @Override
    public Path file(String image) {
        return path.resolve(DATA);
    }

    @Override
    public PixelImage decode(String image, Decoding how) throws IOException {
        try {
            return ImageDecoder.decode(file.read(values.get(image), MAX_IMAGE_FILE_BYTES), how);
        } catch (IOException e) {
            throw new IOException(path + ": image " + image + " " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<Labels> labels() {
        return Optional.empty();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
