package org.patchdiffusion.model.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import net.razorvine.pickle.IObjectConstructor;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.Unpickler;
import org.patchdiffusion.files.Messages;

/**
 * Python's pickle format without its dangers: only the instructions that PyTorch's files consist of, only the classes
 * of an allow-list, and nothing larger than what is really in the file.
 *
 * <p>Byte strings are not read but handed out as {@link Region}s; dictionaries keep their order; keys must be strings
 * or numbers (others could make hashing arbitrarily slow).
 */
final class RestrictedUnpickler extends Unpickler {
    private static final int MOST_INSTRUCTIONS = 4_000_000;
    private static final long MOST_TEXT = 1L << 24;
    private static final int LONGEST_NAME = 200;

    /** Instructions that the library may run as it is: they move values about, and take memory only as they go. */
    private static final Set<Short> HARMLESS = Set.of(
            Opcodes.PROTO,
            Opcodes.FRAME,
            Opcodes.STOP,
            Opcodes.MARK,
            Opcodes.POP,
            Opcodes.POP_MARK,
            Opcodes.NONE,
            Opcodes.NEWTRUE,
            Opcodes.NEWFALSE,
            Opcodes.BININT,
            Opcodes.BININT1,
            Opcodes.BININT2,
            Opcodes.LONG1,
            Opcodes.BINFLOAT,
            Opcodes.EMPTY_TUPLE,
            Opcodes.TUPLE,
            Opcodes.TUPLE1,
            Opcodes.TUPLE2,
            Opcodes.TUPLE3,
            Opcodes.EMPTY_LIST,
            Opcodes.APPEND,
            Opcodes.APPENDS,
            Opcodes.EMPTY_SET,
            Opcodes.BINGET,
            Opcodes.LONG_BINGET,
            Opcodes.BINPUT,
            Opcodes.LONG_BINPUT,
            Opcodes.MEMOIZE,
            Opcodes.REDUCE,
            Opcodes.NEWOBJ,
            Opcodes.BINPERSID);

    private final Map<String, IObjectConstructor> classes;
    private final Function<Object[], Object> persistent;
    private RegionStream in;
    private int instructions;
    private long text;

    /**
     * An unpickler for one pickle.
     *
     * @param classes what may be constructed, by qualified Python name
     * @param persistent resolves references to storages outside the pickle
     */
    RestrictedUnpickler(Map<String, IObjectConstructor> classes, Function<Object[], Object> persistent) {
        this.classes = classes;
        this.persistent = persistent;
    }

    /**
     * Reads one pickle, leaving the stream behind it.
     *
     * @throws IOException if the pickle is damaged or asks for something that is not allowed
     */
    Object load(RegionStream stream) throws IOException {
        in = stream;
        try {
            return super.load(stream);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (RuntimeException e) {
            // The library trusts the order of instructions: whatever goes wrong inside it means a damaged pickle.
            throw new IOException("the pickle is damaged near byte " + stream.position(), e);
        }
    }

    @Override
    protected Object dispatch(short opcode) throws IOException {
        if (++instructions > MOST_INSTRUCTIONS) {
            throw new IOException("the pickle has more than " + MOST_INSTRUCTIONS + " instructions");
        }
        if (HARMLESS.contains(opcode)) {
            return super.dispatch(opcode);
        }
        switch (opcode) {
            case Opcodes.GLOBAL -> stack.add(find(line(), line()));
            case Opcodes.STACK_GLOBAL -> {
                String name = (String) stack.pop();
                stack.add(find((String) stack.pop(), name));
            }
            case Opcodes.BUILD -> build(stack.pop());
            case Opcodes.EMPTY_DICT -> stack.add(new LinkedHashMap<>());
            case Opcodes.SETITEM -> {
                Object value = stack.pop();
                put(Arrays.asList(stack.pop(), value));
            }
            case Opcodes.SETITEMS -> put(stack.pop_all_since_marker());
            case Opcodes.ADDITEMS -> addItems(stack.pop_all_since_marker());
            case Opcodes.SHORT_BINUNICODE -> stack.add(string(length(1)));
            case Opcodes.BINUNICODE -> stack.add(string(length(4)));
            case Opcodes.BINUNICODE8 -> stack.add(string(length(8)));
            case Opcodes.SHORT_BINBYTES -> stack.add(in.take(length(1)));
            case Opcodes.BINBYTES -> stack.add(in.take(length(4)));
            case Opcodes.BINBYTES8 -> stack.add(in.take(length(8)));
            default -> throw new IOException(
                    "the pickle uses the instruction " + opcode + ", which PyTorch's files never contain");
        }
        return NO_RETURN_VALUE;
    }

    @Override
    protected Object persistentLoad(Object id) {
        return persistent.apply((Object[]) id);
    }

    private IObjectConstructor find(String module, String name) throws IOException {
        String qualified = module + "." + name;
        IObjectConstructor constructor = classes.get(qualified);
        if (constructor == null) {
            throw new IOException("it wants to use the Python class or function " + Messages.printable(qualified)
                    + ", which does not belong in a model file; nothing was run");
        }
        return constructor;
    }

    private void build(Object state) throws IOException {
        if (stack.peek() instanceof PyObject object) {
            object.setState(state);
        } else if (!(stack.peek() instanceof Map)) {
            throw new IOException("the pickle sets the state of something that has none");
        }
        // An ordered dictionary may carry attributes (a state dict's "_metadata"): its items are all that matters.
    }

    @SuppressWarnings("unchecked") // dictionaries are made by this class and by PickleClasses only, open to all keys
    private void put(List<Object> items) throws IOException {
        Map<Object, Object> target = (Map<Object, Object>) stack.peek();
        for (int i = 0; i < items.size(); i += 2) {
            if (target.containsKey(key(items.get(i)))) {
                throw new IOException("the pickle sets the key " + Messages.printable(items.get(i) + "") + " twice");
            }
            target.put(items.get(i), items.get(i + 1));
        }
    }

    @SuppressWarnings("unchecked") // sets are made by the library, open to all elements
    private void addItems(List<Object> items) throws IOException {
        Set<Object> target = (Set<Object>) stack.peek();
        for (Object item : items) {
            target.add(key(item));
        }
    }

    private static Object key(Object key) throws IOException {
        if (key instanceof String || key instanceof Number || key instanceof Boolean) {
            return key;
        }
        throw new IOException("the pickle has a dictionary key that is neither text nor a number");
    }

    private String string(long length) throws IOException {
        text += length;
        if (text > MOST_TEXT || text < 0) {
            throw new IOException("the pickle has more than " + MOST_TEXT + " bytes of text");
        }
        byte[] bytes = in.take(length).stream().readNBytes((int) length);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private long length(int bytes) throws IOException {
        byte[] field = new byte[8];
        if (in.readNBytes(field, 0, bytes) < bytes) {
            throw new IOException("the pickle ends early");
        }
        return ByteBuffer.wrap(field).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0 || line.length() == LONGEST_NAME) {
                throw new IOException("the pickle holds an unfinished name");
            }
            line.append((char) c);
        }
        return line.toString();
    }
}
