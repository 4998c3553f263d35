package org.patchdiffusion.data.source;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the pickles that CIFAR-10 consists of and no others: a dictionary of texts, numbers, lists and NumPy arrays of
 * bytes. Nothing that a pickle asks for is run, and nothing is made larger than the file.
 */
final class CifarPickle {

    private static final Set<String> CLASSES = Set.of(
            "numpy.core.multiarray _reconstruct",
            "numpy._core.multiarray _reconstruct",
            "numpy ndarray",
            "numpy dtype");
    private static final int MAX_INSTRUCTIONS = 1_000_000;
    private static final int LONGEST_TEXT = 1000;
    private static final Object MARK = new Object();

    /**
     * A matrix of bytes.
     *
     * @param bytes row by row
     */
    record Array(int rows, int columns, byte[] bytes) {}

    /** What a class is called with, and the state that it is given then. */
    private static final class Built {
        private final String type;
        private final List<?> arguments;
        private Object state;

        Built(String type, List<?> arguments) {
            this.type = type;
            this.arguments = arguments;
        }
    }

    private final ByteBuffer in;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    private CifarPickle(byte[] pickle) {
        in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The dictionary of a pickle: texts, Integer, Lists and {@link Array}s by name.
     *
     * @throws IOException if it is damaged or holds anything else
     */
    static Map<String, Object> read(byte[] pickle) throws IOException {
        CifarPickle reader = new CifarPickle(pickle);
        try {
            if (!(reader.run() instanceof Map<?, ?> map)) {
                throw new IOException("the pickle holds no dictionary");
            }
            Map<String, Object> found = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                found.put(text(entry.getKey()), value(entry.getValue()));
            }
            return found;
        } catch (BufferUnderflowException | IndexOutOfBoundsException | ClassCastException e) {
            // Instructions in the wrong order: whatever goes wrong means a damaged pickle.
            throw new IOException("the pickle is damaged near byte " + reader.in.position(), e);
        }
    }

    private Object run() throws IOException {
        for (int i = 0; i < MAX_INSTRUCTIONS; i++) {
            int code = in.get() & 255;
            if (code == '.') {
                return pop();
            }
            step(code);
        }
        throw new IOException("the pickle has more than " + MAX_INSTRUCTIONS + " instructions");
    }

    private void step(int code) throws IOException {
        switch (code) {
            case 0x80 -> in.get(); // The protocol's version.
            case 0x95 -> in.getLong(); // The length of a frame.
            case '(' -> stack.add(MARK);
            case 'N' -> stack.add(null);
            case 0x88, 0x89 -> stack.add(code == 0x88);
            case 'K' -> stack.add(in.get() & 255);
            case 'M' -> stack.add(in.getShort() & 0xFFFF);
            case 'J' -> stack.add(in.getInt());
            case 'U', 'C', 0x8C -> stack.add(bytes(in.get() & 255));
            case 'T', 'B', 'X' -> stack.add(bytes(in.getInt()));
            case '}' -> stack.add(new LinkedHashMap<>());
            case ']' -> stack.add(new ArrayList<>());
            case ')' -> stack.add(List.of());
            case 't' -> stack.add(sinceMark());
            case 0x85, 0x86, 0x87 -> stack.add(last(code - 0x84));
            case 'q' -> memo.put(in.get() & 255, top());
            case 'r' -> memo.put(in.getInt(), top());
            case 0x94 -> memo.put(memo.size(), top());
            case 'h' -> stack.add(memo.get(in.get() & 255));
            case 'j' -> stack.add(memo.get(in.getInt()));
            case 'a' -> addAll(last(1));
            case 'e' -> addAll(sinceMark());
            case 's' -> putAll(last(2));
            case 'u' -> putAll(sinceMark());
            case 'c' -> stack.add(allowed(line() + " " + line()));
            case 0x93 -> {
                List<Object> names = last(2);
                stack.add(allowed(text(names.get(0)) + " " + text(names.get(1))));
            }
            case 'R' -> {
                List<Object> call = last(2);
                stack.add(new Built((String) call.get(0), (List<?>) call.get(1)));
            }
            case 'b' -> {
                Object state = pop();
                ((Built) top()).state = state;
            }
            default -> throw new IOException("the pickle holds instruction " + code + ", which CIFAR-10 does not use");
        }
    }

    private Object top() {
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        return stack.remove(stack.size() - 1);
    }

    private List<Object> last(int count) {
        List<Object> tail = stack.subList(stack.size() - count, stack.size());
        List<Object> values = new ArrayList<>(tail);
        tail.clear();
        return values;
    }

    private List<Object> sinceMark() {
        int mark = stack.lastIndexOf(MARK);
        List<Object> values = last(stack.size() - mark - 1);
        stack.remove(mark);
        return values;
    }

    @SuppressWarnings("unchecked") // Lists are only ever made by this class.
    private void addAll(List<Object> values) {
        ((List<Object>) top()).addAll(values);
    }

    @SuppressWarnings("unchecked") // Maps are only ever made by this class.
    private void putAll(List<Object> values) throws IOException {
        for (int i = 0; i < values.size(); i += 2) {
            ((Map<Object, Object>) top()).put(text(values.get(i)), values.get(i + 1));
        }
    }

    private byte[] bytes(int length) throws IOException {
        if (length < 0 || length > in.remaining()) {
            throw new IOException("the pickle is cut short");
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private String line() {
        StringBuilder line = new StringBuilder();
        for (char c = (char) in.get(); c != '\n'; c = (char) in.get()) {
            line.append(c);
        }
        return line.toString();
    }

    private static String allowed(String name) throws IOException {
        if (!CLASSES.contains(name)) {
            throw new IOException("the pickle asks for " + name.substring(0, Math.min(name.length(), 80))
                    + ", which CIFAR-10 does not hold");
        }
        return name;
    }

    private static String text(Object value) throws IOException {
        if (value instanceof String text) {
            return text;
        }
        if (!(value instanceof byte[] bytes) || bytes.length > LONGEST_TEXT) {
            throw new IOException("the pickle holds something else where a name belongs");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static Object value(Object value) throws IOException {
        if (value instanceof Built built) {
            return array(built);
        }
        if (value instanceof byte[] bytes) {
            return bytes.length > LONGEST_TEXT ? "" : text(bytes);
        }
        if (value instanceof List<?> list) {
            List<Object> values = new ArrayList<>();
            for (Object item : list) {
                values.add(item instanceof byte[] ? text(item) : item);
            }
            return values;
        }
        return value;
    }

    /** An array's state is its version, shape, type, whether columns come first, and its bytes. */
    private static Array array(Built built) throws IOException {
        if (built.state instanceof List<?> state
                && state.size() == 5
                && state.get(1) instanceof List<?> shape
                && shape.size() == 2
                && shape.get(0) instanceof Integer rows
                && shape.get(1) instanceof Integer columns
                && state.get(2) instanceof Built type
                && type.arguments.get(0) instanceof byte[] name
                && text(name).equals("u1")
                && Boolean.FALSE.equals(state.get(3))
                && state.get(4) instanceof byte[] bytes
                && bytes.length == (long) rows * columns) {
            return new Array(rows, columns, bytes);
        }
        throw new IOException("the pickle holds " + built.type + " that is no matrix of bytes");
    }
}
