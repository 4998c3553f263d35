package org.patchdiffusion.model.engine.generic;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.plan.ArenaPlanner;

/**
 * What each variable of a plan is: an array that exists (given by the caller, or a constant), an array still to be
 * allocated, or another variable's array in another shape. All are row-major: others are copied.
 */
final class Values implements AutoCloseable {

    /** In bytes. */
    private static final long CACHE_LINE = 64;

    /** The array of {@code source}, row-major, in another shape. */
    private record View(String source, long[] shape) {}

    private final Map<String, INDArray> arrays = new HashMap<>();
    private final Set<String> constants = new HashSet<>();
    private final Map<String, LongShapeDescriptor> planned = new LinkedHashMap<>();
    private final Map<String, View> views = new LinkedHashMap<>();
    private final List<INDArray> folded = new ArrayList<>();

    /** Row-major copies of fed arrays in another order. */
    private final Map<INDArray, INDArray> copies = new IdentityHashMap<>();

    private final List<INDArray> arenas = new ArrayList<>();

    /** Memory without contents that lends its address to arrays of which only the shape matters. */
    private final List<INDArray> scratch = new ArrayList<>();

    private long bytes;

    /** Takes an array whose contents may change between runs. */
    void feed(String name, INDArray array) {
        if (Views.isRowMajor(array)) {
            arrays.put(name, array);
        } else {
            arrays.put(name, copies.computeIfAbsent(array, source -> source.dup('c')));
        }
    }

    /** Reads the fed arrays that are not row-major anew. */
    void refresh() {
        copies.forEach((source, copy) -> copy.assign(source));
    }

    /** Takes an array whose contents never change. */
    void constant(String name, INDArray array) {
        constants.add(name);
        if (Views.isRowMajor(array)) {
            arrays.put(name, array);
        } else {
            INDArray copy = array.dup('c');
            folded.add(copy);
            arrays.put(name, copy);
        }
    }

    /** Takes a constant that the plan itself has computed, and frees it at the end. */
    void fold(String name, INDArray array) {
        constants.add(name);
        folded.add(array);
        arrays.put(name, array);
    }

    /** Name of a constant scalar. */
    String scalar(float value) {
        String name = "#" + value;
        if (!isKnown(name)) {
            fold(name, Nd4j.scalar(value));
        }
        return name;
    }

    void plan(String name, LongShapeDescriptor shape) {
        planned.put(name, shape);
    }

    void view(String name, String source, long[] shape) {
        if (arrays.containsKey(source)) {
            arrays.put(name, arrays.get(source).reshape('c', shape));
            if (constants.contains(source)) {
                constants.add(name);
            }
        } else {
            views.put(name, new View(source, shape));
        }
    }

    /** All variables so far. */
    Set<String> names() {
        Set<String> names = new HashSet<>(arrays.keySet());
        names.addAll(planned.keySet());
        names.addAll(views.keySet());
        return names;
    }

    boolean isKnown(String name) {
        return arrays.containsKey(name) || planned.containsKey(name) || views.containsKey(name);
    }

    boolean isConstant(String name) {
        return constants.contains(name);
    }

    /** The variable whose memory this one uses. */
    String root(String name) {
        String root = name;
        while (views.containsKey(root)) {
            root = views.get(root).source();
        }
        return root;
    }

    /** The final array: contents are there after {@link #allocate}, before it only those of fed arrays and constants. */
    INDArray array(String name) {
        return arrays.get(name);
    }

    /** An array with the variable's type and shape; its contents mean something only if it is a constant or fed. */
    INDArray prototype(String name) {
        INDArray array = arrays.get(name);
        if (array != null) {
            return array;
        }
        LongShapeDescriptor root = planned.get(root(name));
        long[] shape = views.containsKey(name) ? views.get(name).shape() : root.getShape();
        return Views.at(scratch(root.dataType(), length(root)), 0, shape);
    }

    private INDArray scratch(DataType type, long length) {
        long largest = 0;
        for (INDArray buffer : scratch) {
            if (buffer.dataType() == type) {
                largest = Math.max(largest, buffer.length());
                if (buffer.length() >= length) {
                    return buffer;
                }
            }
        }
        // The smaller ones stay until the end: contexts may still point to them.
        INDArray buffer = Nd4j.createUninitialized(type, Math.max(length, 2 * largest));
        scratch.add(buffer);
        return buffer;
    }

    /** Allocates one arena for each data type and makes all arrays. */
    void allocate(List<ArenaPlanner.Buffer> lifetimes) {
        Map<DataType, List<ArenaPlanner.Buffer>> byType = new EnumMap<>(DataType.class);
        for (ArenaPlanner.Buffer buffer : lifetimes) {
            DataType type = planned.get(buffer.name()).dataType();
            byType.computeIfAbsent(type, t -> new ArrayList<>()).add(buffer);
        }
        byType.forEach((type, buffers) -> {
            List<ArenaPlanner.Place> places = ArenaPlanner.place(buffers, CACHE_LINE);
            long size = ArenaPlanner.size(places);
            INDArray arena = Nd4j.create(type, Math.max(1, size / type.width()));
            arenas.add(arena);
            bytes += size;
            for (ArenaPlanner.Place place : places) {
                String name = place.buffer().name();
                arrays.put(
                        name,
                        Views.at(
                                arena,
                                place.offset() / type.width(),
                                planned.get(name).getShape()));
            }
        });
        views.forEach((name, view) -> arrays.put(name, arrays.get(view.source()).reshape('c', view.shape())));
    }

    /** Frees what served only the planning: folded constants that nothing reads, and the scratch memory. */
    void trim(Set<String> used) {
        Set<Long> addresses = new HashSet<>();
        used.forEach(name -> addresses.add(address(arrays.get(name))));
        folded.removeIf(array -> {
            boolean unread = !addresses.contains(address(array));
            if (unread) {
                array.close();
            }
            return unread;
        });
        scratch.forEach(INDArray::close);
        scratch.clear();
    }

    private static long address(INDArray array) {
        return array.isEmpty() ? 0 : array.data().address();
    }

    private static long length(LongShapeDescriptor shape) {
        long length = 1;
        for (long dim : shape.getShape()) {
            length *= dim;
        }
        return length;
    }

    /** Bytes of a planned result. */
    long bytes(String name) {
        LongShapeDescriptor shape = planned.get(name);
        return Math.multiplyExact(length(shape), shape.dataType().width());
    }

    /** Bytes of the arenas. */
    long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        for (List<INDArray> list : List.of(arenas, folded, scratch)) {
            list.forEach(INDArray::close);
            list.clear();
        }
        copies.values().forEach(INDArray::close);
        copies.clear();
        arrays.clear();
    }
}
