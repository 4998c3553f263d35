package org.patchdiffusion.model.io;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.files.Messages;

/**
 * The safetensors format: eight bytes with the length of a JSON header, the header (type, shape and place of each
 * tensor, and a map of strings), then the elements of all tensors without gaps, row-major and little-endian.
 *
 * <p>Opening a file checks all that the format asks for: the header's size (at most 100 MB), unique names, sizes equal
 * to the product of the shape, offsets within the file, no overlap and no holes.
 */
public final class SafeTensors implements TensorFile {
    private static final int PREFIX = 8;
    private static final int ALIGNMENT = 8;
    private static final long LONGEST_HEADER = 100_000_000;
    private static final String METADATA = "__metadata__";
    private static final Set<String> FIELDS = Set.of("dtype", "shape", "data_offsets");
    private static final Map<String, DataType> TYPES = Map.of(
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
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final Path file;
    private final FileChannel channel;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, Region> regions = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafeTensors(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens a file and checks it.
     *
     * @throws IOException if the file is missing or breaks the format, with the file and the reason in the message
     */
    public static SafeTensors open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file + " does not exist or is not a file");
        }
        SafeTensors opened = new SafeTensors(file, FileChannel.open(file, StandardOpenOption.READ));
        try {
            opened.readHeader();
            return opened;
        } catch (JsonProcessingException e) {
            opened.close();
            throw new IOException(
                    file + " is not a valid safetensors file: its header is not valid JSON ("
                            + Messages.printable(e.getOriginalMessage()) + ")",
                    e);
        } catch (IOException e) {
            opened.close();
            throw new IOException(file + " is not a valid safetensors file: " + e.getMessage(), e);
        }
    }

    private void readHeader() throws IOException {
        Region whole = Region.of(channel);
        if (whole.length() < PREFIX) {
            throw new IOException("it has only " + whole.length() + " bytes");
        }
        byte[] prefix = whole.slice(0, PREFIX).stream().readNBytes(PREFIX);
        long length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 2 || length > LONGEST_HEADER || length > whole.length() - PREFIX) {
            throw new IOException("its header claims " + Long.toUnsignedString(length) + " bytes, but the file has "
                    + whole.length() + " and a header may have at most " + LONGEST_HEADER);
        }
        byte[] json = whole.slice(PREFIX, length).stream().readNBytes((int) length);
        if (json.length < length || json[0] != '{' || !(JSON.readTree(json) instanceof ObjectNode header)) {
            throw new IOException("its header is not a JSON object");
        }
        Region data = whole.slice(PREFIX + length, whole.length() - PREFIX - length);
        for (Map.Entry<String, JsonNode> e : header.properties()) {
            if (e.getKey().equals(METADATA)) {
                readMetadata(e.getValue());
            } else {
                readTensor(e.getKey(), e.getValue(), data);
            }
        }
        checkNoGaps(data);
    }

    private void readMetadata(JsonNode node) throws IOException {
        if (!node.isObject()) {
            throw new IOException("its metadata is not a map of strings");
        }
        for (Map.Entry<String, JsonNode> e : node.properties()) {
            if (!e.getValue().isTextual()) {
                throw new IOException("its metadata " + Messages.printable(e.getKey()) + " is not a string");
            }
            metadata.put(e.getKey(), e.getValue().textValue());
        }
    }

    private void readTensor(String name, JsonNode node, Region data) throws IOException {
        String where = "tensor " + Messages.printable(name) + ": ";
        Set<String> fields = new TreeSet<>();
        node.fieldNames().forEachRemaining(fields::add);
        if (!fields.equals(FIELDS)) {
            throw new IOException(where + "expected the fields dtype, shape and data_offsets");
        }
        DataType type = TYPES.get(node.get("dtype").asText());
        if (type == null) {
            throw new IOException(where + "the element type "
                    + Messages.printable(node.get("dtype").asText()) + " is not supported");
        }
        long[] shape = integers(node.get("shape"), where + "its shape");
        long[] offsets = integers(node.get("data_offsets"), where + "its data_offsets");
        if (offsets.length != 2 || offsets[0] < 0 || offsets[1] < offsets[0] || offsets[1] > data.length()) {
            throw new IOException(where + "its data_offsets " + Arrays.toString(offsets) + " do not lie within the "
                    + data.length() + " bytes of data in the file");
        }
        long size;
        try {
            size = Shapes.bytes(shape, type);
        } catch (IOException e) {
            throw new IOException(where + e.getMessage(), e);
        }
        if (size != offsets[1] - offsets[0]) {
            throw new IOException(where + "shape " + Arrays.toString(shape) + " of " + type + " needs " + size
                    + " bytes, but its data_offsets hold " + (offsets[1] - offsets[0]));
        }
        tensors.put(name, new TensorInfo(type, Arrays.stream(shape).boxed().toList()));
        regions.put(name, data.slice(offsets[0], size));
    }

    private static long[] integers(JsonNode node, String what) throws IOException {
        if (!node.isArray() || node.size() > Shapes.MOST_DIMENSIONS) {
            throw new IOException(what + " is not a list of at most " + Shapes.MOST_DIMENSIONS + " integers");
        }
        long[] values = new long[node.size()];
        for (int i = 0; i < values.length; i++) {
            if (!node.get(i).isIntegralNumber() || !node.get(i).canConvertToLong()) {
                throw new IOException(what + " is not a list of integers in range");
            }
            values[i] = node.get(i).longValue();
        }
        return values;
    }

    private void checkNoGaps(Region data) throws IOException {
        List<Map.Entry<String, Region>> inOrder = new ArrayList<>(regions.entrySet());
        inOrder.sort(Comparator.comparingLong(
                        (Map.Entry<String, Region> e) -> e.getValue().offset())
                .thenComparingLong(e -> e.getValue().length()));
        long end = data.offset();
        for (Map.Entry<String, Region> e : inOrder) {
            if (e.getValue().offset() != end) {
                String what = e.getValue().offset() < end ? "overlaps the one before it" : "follows a hole";
                throw new IOException("the data of tensor " + Messages.printable(e.getKey()) + " " + what);
            }
            end += e.getValue().length();
        }
        if (end != data.offset() + data.length()) {
            throw new IOException((data.offset() + data.length() - end) + " bytes at its end belong to no tensor");
        }
    }

    @Override
    public Path file() {
        return file;
    }

    /** The strings that the file carries beside its tensors. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public INDArray read(String name) throws IOException {
        TensorInfo info = tensors.get(name);
        if (info == null) {
            throw new IllegalArgumentException(file + " has no tensor named " + name);
        }
        INDArray array = Shapes.allocate(info.type(), info.dimensions(), 'c');
        try (InputStream in = regions.get(name).stream()) {
            ArrayBytes.read(in, array);
            return array;
        } catch (IOException e) {
            array.close();
            throw new IOException(
                    file + ": tensor " + Messages.printable(name) + " cannot be read: " + Messages.reason(e), e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /**
     * Writes a file, atomically. The same tensors and metadata give the same bytes.
     *
     * @param tensors tensors by name; they are stored by falling element size, so that each one is aligned
     * @param metadata strings to carry along
     * @throws IllegalArgumentException if the format lacks the element type of a tensor
     * @throws IOException if the file cannot be written
     */
    public static void write(Path file, Map<String, INDArray> tensors, Map<String, String> metadata)
            throws IOException {
        List<Map.Entry<String, INDArray>> stored = new ArrayList<>(tensors.entrySet());
        stored.sort(Comparator.comparingInt(e -> -e.getValue().dataType().width()));
        byte[] header = header(stored, metadata);
        AtomicFile.write(file, out -> {
            byte[] prefix = new byte[PREFIX];
            ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length);
            out.write(prefix);
            out.write(header);
            for (Map.Entry<String, INDArray> e : stored) {
                ArrayBytes.write(e.getValue(), out);
            }
        });
    }

    private static byte[] header(List<Map.Entry<String, INDArray>> stored, Map<String, String> metadata)
            throws IOException {
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode strings = header.putObject(METADATA);
            metadata.forEach(strings::put);
        }
        long offset = 0;
        for (Map.Entry<String, INDArray> e : stored) {
            if (e.getKey().equals(METADATA)) {
                throw new IllegalArgumentException("no tensor may be named " + METADATA);
            }
            INDArray array = e.getValue();
            ObjectNode entry = header.putObject(e.getKey());
            entry.put("dtype", code(e.getKey(), array.dataType()));
            ArrayNode shape = entry.putArray("shape");
            Arrays.stream(Shapes.of(array)).forEach(shape::add);
            entry.putArray("data_offsets").add(offset).add(offset += ArrayBytes.size(array));
        }
        byte[] json = JSON.writeValueAsBytes(header);
        byte[] padded = Arrays.copyOf(json, (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static String code(String name, DataType type) {
        return TYPES.entrySet().stream()
                .filter(e -> e.getValue() == type)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "tensor " + name + " has the element type " + type + ", which safetensors lacks"));
    }
}
