package org.patchdiffusion.model.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.files.Messages;

/**
 * The JSON header of a safetensors file, read as a stream: type, shape and place of each tensor, and a map of strings.
 * It is checked against the size of the data and against limits on all its counts.
 */
final class SafeTensorsHeader {
    /** Element types by their names in the format. */
    static final Map<String, DataType> TYPES = Map.of(
            "F64", DataType.DOUBLE,
            "F32", DataType.FLOAT,
            "F16", DataType.FLOAT16,
            "BF16", DataType.BFLOAT16,
            "I64", DataType.INT64,
            "I32", DataType.INT32,
            "I16", DataType.INT16,
            "I8", DataType.INT8,
            "U8", DataType.UINT8,
            "BOOL", DataType.BOOL);

    /** The key that is not the name of a tensor. */
    static final String METADATA = "__metadata__";
    /** The format allows 100 MB; the largest networks need less than 4 MB. */
    static final int LONGEST = 1 << 24;

    private static final int MOST_TENSORS = 20_000;
    private static final int MOST_STRINGS = 1_000;
    private static final int LONGEST_NAME = 1_000;

    private static final JsonFactory JSON = JsonFactory.builder()
            // Names differ from file to file: remembering them for ever is slow and a leak.
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNameLength(LONGEST_NAME)
                    .maxNestingDepth(4)
                    .maxNumberLength(40)
                    .maxStringLength(LONGEST)
                    .build())
            .build();

    /** What the file says of a tensor, and where its elements are. */
    record Entry(TensorInfo info, Region data) {}

    private final Region data;
    private final Map<String, Entry> tensors = new LinkedHashMap<>();
    private Map<String, String> metadata;

    private SafeTensorsHeader(Region data) {
        this.data = data;
    }

    /**
     * Reads a header.
     *
     * @param in the header, to its end
     * @param data the bytes behind it
     * @throws IOException if it breaks the format or a limit; the message is a part of a sentence
     */
    static SafeTensorsHeader read(InputStream in, Region data) throws IOException {
        SafeTensorsHeader header = new SafeTensorsHeader(data);
        try (JsonParser json = JSON.createParser(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()))) {
            header.readAll(json);
        } catch (JsonProcessingException e) {
            String what = Messages.printable(Messages.jsonFault(e.getOriginalMessage()));
            throw new IOException("its header is not valid JSON (" + what + ")", e);
        } catch (CharacterCodingException e) {
            throw new IOException("its header is not valid UTF-8", e);
        }
        header.checkNoGaps();
        return header;
    }

    /** Tensors by name, in the order of the header. */
    Map<String, Entry> tensors() {
        return tensors;
    }

    /** The strings that the file carries beside its tensors. */
    Map<String, String> metadata() {
        return metadata == null ? Map.of() : metadata;
    }

    private void readAll(JsonParser json) throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT
                || json.currentTokenLocation().getCharOffset() != 0) {
            throw new IOException("its header is not a JSON object");
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            if (name.equals(METADATA)) {
                if (metadata != null) {
                    throw new IOException("its header has the key " + METADATA + " twice");
                }
                metadata = strings(json);
            } else {
                if (tensors.size() == MOST_TENSORS) {
                    throw new IOException("it has more than " + MOST_TENSORS + " tensors, the most that are accepted");
                }
                add(name, json);
            }
        }
        if (json.nextToken() != null) {
            throw new IOException("its header has something behind its JSON object");
        }
    }

    private void add(String name, JsonParser json) throws IOException {
        Entry entry;
        try {
            entry = entry(json);
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException("tensor " + Messages.printable(name) + ": " + Messages.reason(e), e);
        }
        if (tensors.put(name, entry) != null) {
            throw new IOException("its header has the tensor " + Messages.printable(name) + " twice");
        }
    }

    private static Map<String, String> strings(JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw new IOException("its metadata is not a map of strings");
        }
        Map<String, String> strings = new LinkedHashMap<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            if (json.nextToken() != JsonToken.VALUE_STRING) {
                throw new IOException("its metadata " + Messages.printable(name) + " is not a string");
            }
            if (strings.size() == MOST_STRINGS || strings.put(name, json.getText()) != null) {
                throw new IOException("its metadata has a key twice or more than " + MOST_STRINGS + " keys");
            }
        }
        return strings;
    }

    private Entry entry(JsonParser json) throws IOException {
        String code = null;
        Map<String, long[]> lists = new HashMap<>();
        boolean valid = json.currentToken() == JsonToken.START_OBJECT;
        while (valid && json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            json.nextToken();
            switch (field) {
                case "dtype" -> {
                    valid = code == null && json.currentToken() == JsonToken.VALUE_STRING;
                    code = json.getText();
                }
                case "shape", "data_offsets" -> valid = lists.put(field, integers(json, field)) == null;
                default -> valid = false;
            }
        }
        if (!valid || code == null || lists.size() != 2) {
            throw new IOException("expected the fields dtype, shape and data_offsets");
        }
        DataType type = TYPES.get(code);
        if (type == null) {
            throw new IOException("the element type " + Messages.printable(code) + " is not supported");
        }
        return entry(type, lists.get("shape"), lists.get("data_offsets"));
    }

    private Entry entry(DataType type, long[] shape, long[] offsets) throws IOException {
        if (offsets.length != 2 || offsets[0] < 0 || offsets[1] < offsets[0] || offsets[1] > data.length()) {
            throw new IOException("its data_offsets " + Arrays.toString(offsets) + " do not lie within the "
                    + data.length() + " bytes of data in the file");
        }
        long size = Shapes.bytes(shape, type);
        if (size != offsets[1] - offsets[0]) {
            throw new IOException("shape " + Arrays.toString(shape) + " of " + type + " needs " + size
                    + " bytes, but its data_offsets hold " + (offsets[1] - offsets[0]));
        }
        TensorInfo info = new TensorInfo(type, Arrays.stream(shape).boxed().toList());
        return new Entry(info, data.slice(offsets[0], size));
    }

    private static long[] integers(JsonParser json, String field) throws IOException {
        long[] values = new long[4];
        int count = 0;
        boolean valid = json.currentToken() == JsonToken.START_ARRAY;
        while (valid && json.nextToken() != JsonToken.END_ARRAY) {
            valid = count < Shapes.MOST_DIMENSIONS
                    && json.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            if (valid) {
                values = count == values.length ? Arrays.copyOf(values, Shapes.MOST_DIMENSIONS) : values;
                values[count++] = json.getLongValue();
            }
        }
        if (!valid) {
            throw new IOException(
                    "its " + field + " is not a list of at most " + Shapes.MOST_DIMENSIONS + " integers in range");
        }
        return Arrays.copyOf(values, count);
    }

    private void checkNoGaps() throws IOException {
        List<Map.Entry<String, Entry>> inOrder = new ArrayList<>(tensors.entrySet());
        inOrder.sort(Comparator.comparingLong(
                        (Map.Entry<String, Entry> e) -> e.getValue().data().offset())
                .thenComparingLong(e -> e.getValue().data().length()));
        long end = data.offset();
        for (Map.Entry<String, Entry> e : inOrder) {
            Region region = e.getValue().data();
            if (region.offset() != end) {
                String what = region.offset() < end ? "overlaps the one before it" : "follows a hole";
                throw new IOException("the data of tensor " + Messages.printable(e.getKey()) + " " + what);
            }
            end += region.length();
        }
        if (end != data.offset() + data.length()) {
            throw new IOException((data.offset() + data.length() - end) + " bytes at its end belong to no tensor");
        }
    }
}
