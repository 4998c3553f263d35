package org.patchdiffusion.data.convert;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.data.source.ImageSource;
import org.patchdiffusion.data.source.Labels;
import org.patchdiffusion.data.source.OrderedWork;
import org.patchdiffusion.data.source.PixelImage;
import org.patchdiffusion.files.Messages;

/**
 * Converts any source of images into a data set: PNG files of one size, named as EDM and StyleGAN tools name them
 * ({@code 00000/img00000000.png}), with the labels of the kept images and the notices of the source. Equal sources and
 * options give equal files.
 */
public final class DatasetConverter {

    private static final int IMAGES_PER_FOLDER = 1000;
    private static final int MOST_REASONS = 10;
    private static final int RGB = 3;

    private final ImageSource source;
    private final ConvertOptions options;
    private final ProgressListener progress;
    private final Optional<Labels> labels;
    private final List<String> candidates;
    private final List<String> kept = new ArrayList<>();
    private final List<String> reasons = new ArrayList<>();
    private int skipped;
    private PixelImage first;

    private DatasetConverter(ImageSource source, ConvertOptions options, ProgressListener progress) throws IOException {
        this.source = source;
        this.options = options;
        this.progress = progress;
        labels = source.labels();
        candidates = candidates();
    }

    /**
     * Converts a data set. The target appears only when it is complete; a zip replaces a file of that name.
     *
     * @param from see {@link ImageSource#open}
     * @param target the zip or folder to write; a folder must not hold anything
     * @param progress hears the number of images converted
     * @throws IOException if an image cannot be read or does not fit the options, or the target cannot be written; the
     *     message says which file and what to do
     */
    public static ConversionSummary convert(
            Path from, Path target, Container container, ConvertOptions options, ProgressListener progress)
            throws IOException {
        try (ImageSource source = ImageSource.open(from)) {
            requireApart(from, target);
            DatasetConverter converter = new DatasetConverter(source, options, progress);
            DatasetOutput.write(target, container, converter::writeTo);
            return converter.summary();
        }
    }

    /** Compares real places: either path may lead through links. */
    private static void requireApart(Path from, Path target) throws IOException {
        Path existing = target.toAbsolutePath().normalize();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing != null && existing.toRealPath().startsWith(from.toRealPath())) {
            throw new IOException(target + ": is the source itself or lies in it; choose another place for the output");
        }
    }

    private List<String> candidates() throws IOException {
        List<String> images = source.requireImages();
        if (labels.isPresent() && !options.skipBad()) {
            labels.get().requireComplete(source.path());
        }
        if (options.classes().isEmpty()) {
            return images;
        }
        Labels classes = labels.orElseThrow(() -> new IOException(source.path()
                + ": has no labels to filter by class; add a dataset.json, or put the images of each class in a"
                + " folder"));
        return classes.only(options.classes(), images, source.path());
    }

    private void writeTo(DatasetOutput output) throws IOException {
        int most = Math.min(candidates.size(), options.maxImages());
        for (int next = 0; kept.size() < most && next < candidates.size(); ) {
            // As many again as were skipped, until there are enough.
            int end = Math.min(candidates.size(), next + most - kept.size());
            List<String> batch = candidates.subList(next, end);
            OrderedWork.forAll(batch, this::converted, (index, result) -> {
                accept(output, batch.get(index), result);
                progress.progress(Math.min(most, kept.size() + skipped), most);
            });
            next = end;
        }
        if (kept.isEmpty()) {
            throw new IOException(source.path() + ": its " + Messages.count(candidates.size(), "image")
                    + " cannot be used; " + reasons.get(0));
        }
        if (labels.isPresent() || options.decoding().channels() != RGB) {
            output.store("dataset.json", labelFile());
        }
        for (Map.Entry<String, byte[]> notice : source.notices().entrySet()) {
            output.store(notice.getKey(), notice(notice.getKey(), notice.getValue()));
        }
    }

    /** A converted image as a file, or why there is none. */
    private record Result(PixelImage form, byte[] png, String refusal) {}

    private Result converted(String image) throws IOException {
        try {
            if (labels.isPresent() && labels.get().of(image) < 0) {
                throw new IllegalArgumentException(
                        "has no class in " + labels.get().origin());
            }
            PixelImage framed = new Framing(options).apply(source.decode(image, options.decoding()));
            return new Result(framed, PngFile.encode(framed), null);
        } catch (IllegalArgumentException e) {
            return refused(new IOException(source.path() + ": image " + image + " " + e.getMessage(), e));
        } catch (IOException e) {
            return refused(e);
        }
    }

    private Result refused(IOException e) throws IOException {
        if (!options.skipBad()) {
            throw e;
        }
        return new Result(null, null, e.getMessage());
    }

    private void accept(DatasetOutput output, String image, Result result) throws IOException {
        Result checked = result;
        if (result.form != null && first == null) {
            first = result.form;
        } else if (result.form != null && !result.form.size().equals(first.size())) {
            checked = refused(new IOException(source.path() + ": image " + image + " is " + result.form.size()
                    + ", expected " + first.size() + " as " + kept.get(0) + "; give a --resolution"));
        }
        if (checked.refusal != null) {
            skipped++;
            if (reasons.size() < MOST_REASONS) {
                reasons.add(checked.refusal);
            }
            return;
        }
        output.store(name(kept.size()), checked.png);
        kept.add(image);
    }

    private static String name(int index) {
        return String.format(Locale.ROOT, "%05d/img%08d.png", index / IMAGES_PER_FOLDER, index);
    }

    private byte[] labelFile() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
            json.writeStartObject();
            if (labels.isPresent()) {
                writeLabels(json, labels.get());
            } else {
                json.writeNullField("labels");
            }
            if (options.decoding().channels() != RGB) {
                json.writeNumberField("channels", options.decoding().channels());
            }
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    private void writeLabels(JsonGenerator json, Labels from) throws IOException {
        json.writeArrayFieldStart("labels");
        for (int i = 0; i < kept.size(); i++) {
            json.writeStartArray();
            json.writeString(name(i));
            json.writeNumber(from.of(kept.get(i)));
            json.writeEndArray();
        }
        json.writeEndArray();
        if (!from.classNames().isEmpty()) {
            json.writeArrayFieldStart("classes");
            for (String name : from.classNames()) {
                json.writeString(name);
            }
            json.writeEndArray();
        }
    }

    /** A notice is copied; one that tells about the images also says that they were changed, as licences ask for. */
    private byte[] notice(String name, byte[] original) {
        if (!name.toUpperCase(Locale.ROOT).startsWith("NOTICE")) {
            return original;
        }
        String text = new String(original, StandardCharsets.UTF_8).stripTrailing();
        String change = "Changed from the source: the images were converted to " + first.size() + " pixels.";
        return text.endsWith(change) ? original : (text + "\n" + change + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private ConversionSummary summary() {
        List<ConversionSummary.ClassCount> classes = labels.map(found -> ConversionSummary.count(
                        kept.stream().mapToInt(found::of).toArray(), found.count(), found::describe))
                .orElse(List.of());
        return new ConversionSummary(
                kept.size(),
                first.height(),
                first.width(),
                first.channels(),
                classes,
                skipped,
                reasons,
                labels.map(found -> found.unknown().size()).orElse(0),
                source.leftOut());
    }
}
