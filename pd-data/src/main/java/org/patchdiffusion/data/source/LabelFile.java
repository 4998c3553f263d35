package org.patchdiffusion.data.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.patchdiffusion.files.Messages;

/**
 * What a {@code dataset.json} says, as EDM and StyleGAN tools write it: {@code {"labels": [["path", class], ...]}}, or
 * {@code {"labels": null}} for none. Of our own, {@code "classes"} names the classes and {@code "channels"} tells how
 * many channels the images have.
 *
 * @param labels class by path as the file writes it, absent if it gives none
 * @param classes names of the classes, empty if the file gives none
 * @param channels 1 to 4, absent if the file does not say
 */
record LabelFile(Optional<Map<String, Integer>> labels, List<String> classes, OptionalInt channels) {

    static final int MAX_BYTES = 256 << 20;
    private static final int MAX_CLASSES = 100_000;

    /** Labels of images that are not there which a file may hold for each that is, and some more. */
    private static final int LABELS_PER_IMAGE = 4;

    private static final int FREE_LABELS = 100_000;

    /**
     * Reads the text of a file.
     *
     * @param where source and name of the file; starts every message
     * @param images number of images in the source
     * @throws IOException if the text is not what the format says
     */
    static LabelFile read(byte[] text, String where, int images) throws IOException {
        try (JsonParser json = new JsonFactory().createParser(text)) {
            return new Reader(json, where, FREE_LABELS + LABELS_PER_IMAGE * (long) images).read();
        } catch (JsonProcessingException e) {
            String what =
                    e instanceof JsonEOFException ? "it ends too early" : Messages.jsonFault(e.getOriginalMessage());
            String line =
                    e.getLocation() == null ? "" : " in line " + e.getLocation().getLineNr();
            throw new IOException(where + " is not valid JSON" + line + " (" + what + ")", e);
        }
    }

    private record Reader(JsonParser json, String where, long maxLabels) {

        LabelFile read() throws IOException {
            Optional<Map<String, Integer>> labels = Optional.empty();
            List<String> classes = List.of();
            OptionalInt channels = OptionalInt.empty();
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException(where + " is not a JSON object; expected {\"labels\": [[\"path\", class], ...]}");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "labels" -> labels = labels();
                    case "classes" -> classes = classes();
                    case "channels" -> channels = channels();
                    default -> json.skipChildren();
                }
            }
            return new LabelFile(labels, classes, channels);
        }

        private Optional<Map<String, Integer>> labels() throws IOException {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return Optional.empty();
            }
            if (json.currentToken() != JsonToken.START_ARRAY) {
                throw new IOException(where + ": \"labels\" is neither null nor a list of [\"path\", class]");
            }
            Map<String, Integer> labels = new LinkedHashMap<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                label(labels);
                if (labels.size() > maxLabels) {
                    throw new IOException(
                            where + " holds more than " + maxLabels + " labels, many more than there are images");
                }
            }
            return Optional.of(labels);
        }

        private void label(Map<String, Integer> labels) throws IOException {
            String path = json.currentToken() == JsonToken.START_ARRAY ? json.nextTextValue() : null;
            if (path == null || json.nextToken() != JsonToken.VALUE_NUMBER_INT) {
                throw new IOException(where + ": label " + labels.size() + (path == null ? "" : " (" + path + ")")
                        + " is not [\"path\", class] with a whole number as class");
            }
            long label = json.getNumberType() == JsonParser.NumberType.BIG_INTEGER ? -1 : json.getLongValue();
            if (label < 0 || label >= MAX_CLASSES) {
                throw new IOException(where + " gives image " + path + " the class " + json.getText()
                        + ", expected 0 to " + (MAX_CLASSES - 1));
            }
            if (json.nextToken() != JsonToken.END_ARRAY) {
                throw new IOException(where + " gives image " + path + " more than one class");
            }
            if (labels.put(path, (int) label) != null) {
                throw new IOException(where + " lists image " + path + " twice");
            }
        }

        private List<String> classes() throws IOException {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return List.of();
            }
            List<String> names = new ArrayList<>();
            boolean list = json.currentToken() == JsonToken.START_ARRAY;
            while (list && json.nextToken() == JsonToken.VALUE_STRING && names.size() < MAX_CLASSES) {
                names.add(json.getText());
            }
            if (!list || json.currentToken() != JsonToken.END_ARRAY) {
                throw new IOException(
                        where + ": \"classes\" is not a list of at most " + MAX_CLASSES + " names of classes");
            }
            return names;
        }

        private OptionalInt channels() throws IOException {
            if (json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
                long channels = json.getNumberType() == JsonParser.NumberType.INT ? json.getIntValue() : -1;
                if (channels >= 1 && channels <= 4) {
                    return OptionalInt.of((int) channels);
                }
            }
            throw new IOException(where + ": \"channels\" is " + json.getText() + ", expected 1 to 4");
        }
    }
}
