package org.patchdiffusion.model.io;

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
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.files.Messages;

/**
 * The safetensors format: eight bytes with the length of a JSON header, the header (type, shape and place of each
 * tensor, and a map of strings), then the elements of all tensors without gaps, row-major and little-endian.
 *
 * <p>Opening a file checks all that the format asks for: the header's size (at most 16 MiB) and counts, unique names, sizes equal
 * to the product of the shape, offsets within the file, no overlap and no holes.
 */
public final class SafeTensors implements TensorFile {
    private static final int PREFIX = 8;
    private static final int ALIGNMENT = 8;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final FileChannel channel;
    private final SafeTensorsHeader header;
    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();

    private SafeTensors(Path file, FileChannel channel, SafeTensorsHeader header) {
        this.file = file;
        this.channel = channel;
        this.header = header;
        header.tensors().forEach((name, entry) -> infos.put(name, entry.info()));
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
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new SafeTensors(file, channel, readHeader(channel));
        } catch (IOException e) {
            channel.close();
            throw new IOException(file + " is not a valid safetensors file: " + Messages.reason(e), e);
        }
    }

    private static SafeTensorsHeader readHeader(FileChannel channel) throws IOException {
        Region whole = Region.of(channel);
        if (whole.length() < PREFIX) {
            throw new IOException("it has only " + whole.length() + " bytes");
        }
        byte[] prefix = whole.slice(0, PREFIX).stream().readNBytes(PREFIX);
        long length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 2 || length > SafeTensorsHeader.LONGEST || length > whole.length() - PREFIX) {
            throw new IOException("its header claims " + Long.toUnsignedString(length) + " bytes, but the file has "
                    + whole.length() + " and at most " + SafeTensorsHeader.LONGEST + " are accepted of a header");
        }
        Region data = whole.slice(PREFIX + length, whole.length() - PREFIX - length);
        return SafeTensorsHeader.read(whole.slice(PREFIX, length).stream(), data);
    }

    @Override
    public Path file() {
        return file;
    }

    /** The strings that the file carries beside its tensors. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(infos);
    }

    @Override
    public INDArray read(String name) throws IOException {
        SafeTensorsHeader.Entry entry = header.tensors().get(name);
        if (entry == null) {
            throw new IllegalArgumentException(file + " has no tensor named " + name);
        }
        TensorInfo info = entry.info();
        INDArray array = Shapes.allocate(info.type(), info.dimensions(), 'c');
        try (InputStream in = entry.data().stream()) {
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
            ObjectNode strings = header.putObject(SafeTensorsHeader.METADATA);
            metadata.forEach(strings::put);
        }
        long offset = 0;
        for (Map.Entry<String, INDArray> e : stored) {
            if (e.getKey().equals(SafeTensorsHeader.METADATA)) {
                throw new IllegalArgumentException("no tensor may be named " + SafeTensorsHeader.METADATA);
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
        return SafeTensorsHeader.TYPES.entrySet().stream()
                .filter(e -> e.getValue() == type)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "tensor " + name + " has the element type " + type + ", which safetensors lacks"));
    }
}
