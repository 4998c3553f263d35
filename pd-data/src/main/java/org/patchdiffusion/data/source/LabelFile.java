package org.patchdiffusion.data.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The labels of a data set, as EDM and StyleGAN tools write them to {@code dataset.json}: {@code {"labels": [["path",
 * class], ...]}}, or {@code {"labels": null}} for none. An optional list {@code "classes"} names the classes.
 *
 * @param labels class of each image by its path
 * @param classes names of the classes, empty if the file gives none
 */
public record LabelFile(Map<String, Integer> labels, List<String> classes) {

    /** The name of the file. */
    public static final String NAME = "dataset.json";

    private static final int MAX_BYTES = 256 << 20;
    private static final int MAX_CLASSES = 100_000;

    /**
     * Reads the labels of a source.
     *
     * @return empty if the source has no label file, or one that says there are no labels
     * @throws IOException if the file is not what the format says, or does not fit the images of the source
     */
    public static Optional<LabelFile> read(ImageSource source) throws IOException {
        if (!source.entries().contains(NAME)) {
            return Optional.empty();
        }
        String where = source.path() + ": " + NAME;
        byte[] text = ImageFiles.read(source, NAME, MAX_BYTES);
        try (JsonParser json = new JsonFactory().createParser(text)) {
            Optional<LabelFile> file = parse(json, where);
            if (file.isPresent()) {
                file.get().requireLabelsOf(source.images(), where);
            }
            return file;
        } catch (JsonProcessingException e) {
            throw new IOException(where + " is not valid JSON (" + e.getOriginalMessage() + ")", e);
        }
    }

    private static Optional<LabelFile> parse(JsonParser json, String where) throws IOException {
        Map<String, Integer> labels = null;
        List<String> classes = new ArrayList<>();
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw new IOException(where + " is not a JSON object; expected {\"labels\": [[\"path\", class], ...]}");
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (field.equals("labels") && value == JsonToken.START_ARRAY) {
                labels = parseLabels(json, where);
            } else if (field.equals("labels") && value != JsonToken.VALUE_NULL) {
                throw new IOException(where + ": \"labels\" is neither null nor a list of [\"path\", class]");
            } else if (field.equals("classes") && value == JsonToken.START_ARRAY) {
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    classes.add(json.getText());
                    json.skipChildren();
                }
            } else {
                json.skipChildren();
            }
        }
        return Optional.ofNullable(labels).map(map -> new LabelFile(map, List.copyOf(classes)));
    }

    private static Map<String, Integer> parseLabels(JsonParser json, String where) throws IOException {
        Map<String, Integer> labels = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            String path = json.currentToken() == JsonToken.START_ARRAY ? json.nextTextValue() : null;
            if (path == null || json.nextToken() != JsonToken.VALUE_NUMBER_INT) {
                throw new IOException(where + ": label " + labels.size() + (path == null ? "" : " (" + path + ")")
                        + " is not [\"path\", class] with a whole number as class");
            }
            long label = json.getLongValue();
            if (label < 0 || label >= MAX_CLASSES) {
                throw new IOException(where + " gives image " + path + " the class " + label + ", expected 0 to "
                        + (MAX_CLASSES - 1));
            }
            if (json.nextToken() != JsonToken.END_ARRAY) {
                throw new IOException(where + " gives image " + path + " more than one class");
            }
            if (labels.put(path.replace('\\', '/'), (int) label) != null) {
                throw new IOException(where + " lists image " + path + " twice");
            }
        }
        return labels;
    }

    private void requireLabelsOf(List<String> images, String where) throws IOException {
        Map<String, Integer> unused = new LinkedHashMap<>(labels);
        for (String image : images) {
            if (unused.remove(image) == null) {
                throw new IOException(where + " gives no class to image " + image);
            }
        }
        if (!unused.isEmpty()) {
            throw new IOException(
                    where + " names image " + unused.keySet().iterator().next() + ", which is not in the data set ("
                            + unused.size() + " such)");
        }
    }

    /**
     * The paths of the images of some classes, in order.
     *
     * @param classes the classes to keep; empty keeps all
     * @throws IOException if the source holds no images, or none of these classes
     */
    public static List<String> select(ImageSource source, Optional<LabelFile> labels, Set<Integer> classes)
            throws IOException {
        List<String> images = source.images();
        if (images.isEmpty()) {
            throw new IOException(source.path() + ": holds no images; put PNG or JPEG files inside");
        }
        return classes.isEmpty() ? images : ofClasses(source, images, labels, classes);
    }

    private static List<String> ofClasses(
            ImageSource source, List<String> images, Optional<LabelFile> labels, Set<Integer> classes)
            throws IOException {
        if (labels.isEmpty()) {
            throw new IOException(source.path() + ": has no labels to filter by class; add a " + LabelFile.NAME);
        }
        List<String> kept = images.stream()
                .filter(image -> classes.contains(labels.get().labels().get(image)))
                .toList();
        if (kept.isEmpty()) {
            throw new IOException(source.path() + ": holds no image of class "
                    + classes.stream().sorted().map(String::valueOf).toList() + "; its classes are 0 to "
                    + (labels.get().count() - 1));
        }
        return kept;
    }

    /** Number of classes: one more than the largest class used, or the number of names if that is larger. */
    public int count() {
        int largest = labels.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
        return Math.max(largest + 1, classes.size());
    }
}
