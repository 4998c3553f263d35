package org.patchdiffusion.examples.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.ImageDecoder;
import org.patchdiffusion.data.source.PixelImage;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.PngFiles;
import org.patchdiffusion.files.AtomicFile;

/** A folder of drawn images that can be completed: it remembers how they were drawn. */
final class SampleFolder {
    private static final String RECORD = "generate.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final boolean subfolders;
    private final long[] shape;
    private final boolean continued;

    private SampleFolder(Path folder, boolean subfolders, long[] shape, boolean continued) {
        this.folder = folder;
        this.subfolders = subfolders;
        this.shape = shape.clone();
        this.continued = continued;
    }

    /**
     * Opens a folder, made if missing, and writes down how its images are drawn.
     *
     * @param shape channels, rows and columns of an image
     * @param settings what decides what an image looks like
     * @throws IOException if images of other settings are in it
     */
    static SampleFolder open(Path folder, boolean subfolders, long[] shape, Map<String, String> settings)
            throws IOException {
        Path record = folder.resolve(RECORD);
        boolean continued = Files.isRegularFile(record);
        if (continued) {
            requireSame(record, settings);
        } else {
            Files.createDirectories(folder);
            byte[] text = JSON.writerWithDefaultPrettyPrinter()
                    .writeValueAsString(settings)
                    .getBytes(StandardCharsets.UTF_8);
            AtomicFile.write(record, out -> out.write(text));
        }
        return new SampleFolder(folder, subfolders, shape, continued);
    }

    private static void requireSame(Path record, Map<String, String> settings) throws IOException {
        Map<String, String> before;
        try {
            before = JSON.readValue(record.toFile(), new TypeReference<Map<String, String>>() {});
        } catch (JsonProcessingException e) {
            throw new IOException(record + " is damaged; choose another --outdir, or delete that file to draw anew", e);
        }
        for (String name : union(before, settings)) {
            if (!String.valueOf(before.get(name)).equals(String.valueOf(settings.get(name)))) {
                throw new IOException("--outdir " + record.getParent() + " holds images drawn with another " + name
                        + "; choose another folder, or delete " + record + " to draw anew");
            }
        }
    }

    private static Iterable<String> union(Map<String, String> one, Map<String, String> other) {
        TreeSet<String> names = new TreeSet<>(one.keySet());
        names.addAll(other.keySet());
        return names;
    }

    /** SHA-256 of a file. */
    static String fingerprint(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /** The image of a seed, if an earlier run with the same settings drew it and the file is whole and of the right size. */
    Optional<byte[]> existing(long seed) throws IOException {
        Path file = PngFiles.seedFile(folder, seed, subfolders);
        if (!continued || !Files.isRegularFile(file)) {
            return Optional.empty();
        }
        PixelImage image;
        try {
            image = ImageDecoder.decode(
                    Files.readAllBytes(file), new Decoding((int) shape[0], Decoding.RGB.background()));
        } catch (IOException e) {
            // Cut short by a crash of the machine: drawn again.
            return Optional.empty();
        }
        boolean fits = image.height() == shape[1] && image.width() == shape[2];
        return fits ? Optional.of(image.pixels()) : Optional.empty();
    }

    void write(long[] seeds, Images images) throws IOException {
        PngFiles.writeSeeds(folder, seeds, images, subfolders);
    }
}
