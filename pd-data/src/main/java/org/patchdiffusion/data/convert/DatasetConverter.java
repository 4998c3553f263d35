package org.patchdiffusion.data.convert;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.data.source.ImageFiles;
import org.patchdiffusion.data.source.ImageSource;
import org.patchdiffusion.data.source.LabelFile;
import org.patchdiffusion.data.source.RgbImage;

/**
 * Converts a zip or folder of images into a data set zip: PNG files of one size, named as EDM and StyleGAN tools name
 * them ({@code 00000/img00000000.png}), with the labels of the kept images and the notices of the source. Equal sources
 * and options give equal files.
 */
public final class DatasetConverter {

    private static final Set<String> NOTICES = Set.of("NOTICE", "LICENSE", "LICENCE", "COPYING");
    private static final int MAX_NOTICE_BYTES = 1 << 20;
    private static final int IMAGES_PER_FOLDER = 1000;

    private DatasetConverter() {}

    /**
     * What a conversion made.
     *
     * @param images number of images
     * @param labelled whether they have labels
     */
    public record Summary(int images, boolean labelled) {}

    /**
     * Converts a data set. The target appears only when it is complete, and replaces a file of that name.
     *
     * @param source a zip or folder of PNG and JPEG images
     * @param target the zip to write
     * @param progress hears the number of images converted
     * @throws IOException if an image cannot be read or does not fit the options, or the target cannot be written; the
     *     message says which file and what to do
     */
    public static Summary convert(Path source, Path target, ConvertOptions options, ProgressListener progress)
            throws IOException {
        try (ImageSource images = ImageSource.open(source);
                ZipWriter zip = new ZipWriter(target)) {
            Optional<LabelFile> labels = LabelFile.read(images);
            List<String> selected = LabelFile.select(images, labels, options.classes());
            List<String> kept = selected.subList(0, Math.min(selected.size(), options.maxImages()));
            ImageFiles.forAll(kept, entry -> convert(images, entry, options), (index, png) -> {
                zip.store(name(index), png);
                progress.progress(index + 1, kept.size());
            });
            if (labels.isPresent()) {
                zip.store(LabelFile.NAME, labelsOf(kept, labels.get()));
            }
            for (String entry : images.entries()) {
                if (isNotice(entry)) {
                    zip.store(entry, notice(images, entry, options));
                }
            }
            zip.commit();
            return new Summary(kept.size(), labels.isPresent());
        }
    }

    private static byte[] convert(ImageSource source, String entry, ConvertOptions options) throws IOException {
        RgbImage image = ImageFiles.decode(source, entry);
        try {
            return PngEncoder.encode(Resampler.resample(image, options.height(), options.width(), options.transform()));
        } catch (IllegalArgumentException e) {
            throw new IOException(source.path() + ": image " + entry + " " + e.getMessage(), e);
        }
    }

    private static String name(int index) {
        return String.format(Locale.ROOT, "%05d/img%08d.png", index / IMAGES_PER_FOLDER, index);
    }

    private static byte[] labelsOf(List<String> kept, LabelFile file) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
            json.writeStartObject();
            json.writeArrayFieldStart("labels");
            for (int i = 0; i < kept.size(); i++) {
                json.writeStartArray();
                json.writeString(name(i));
                json.writeNumber(file.labels().get(kept.get(i)));
                json.writeEndArray();
            }
            json.writeEndArray();
            if (!file.classes().isEmpty()) {
                json.writeArrayFieldStart("classes");
                for (String name : file.classes()) {
                    json.writeString(name);
                }
                json.writeEndArray();
            }
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    private static boolean isNotice(String entry) {
        int dot = entry.indexOf('.');
        return !entry.contains("/")
                && NOTICES.contains((dot < 0 ? entry : entry.substring(0, dot)).toUpperCase(Locale.ROOT));
    }

    /** A notice is copied; one that tells about the images also says that they were changed, as licences ask for. */
    private static byte[] notice(ImageSource source, String entry, ConvertOptions options) throws IOException {
        byte[] original = ImageFiles.read(source, entry, MAX_NOTICE_BYTES);
        if (!entry.toUpperCase(Locale.ROOT).startsWith("NOTICE")) {
            return original;
        }
        String text = new String(original, StandardCharsets.UTF_8).stripTrailing();
        return (text + "\nChanged from the source: the images were converted to " + options.width() + "x"
                        + options.height() + " pixels.\n")
                .getBytes(StandardCharsets.UTF_8);
    }
}
