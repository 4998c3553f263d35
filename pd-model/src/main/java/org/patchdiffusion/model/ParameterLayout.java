package org.patchdiffusion.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where each parameter stands in the flat buffer: names in a fixed order, shapes and offsets.
 *
 * <p>Names and the order are those of the official implementation's state dict. The <em>stored</em> shape is the one
 * of the SameDiff variable; it differs from the official shape only for convolution kernels, which are
 * {@code [kH, kW, in, out]} here and {@code [out, in, kH, kW]} there.
 */
public final class ParameterLayout {

    /**
     * One parameter.
     *
     * @param name official name, such as {@code model.enc.32x32_conv.weight}
     * @param storedShape shape of the SameDiff variable, row-major
     * @param offset index of the first element in the flat buffer
     * @param trained false for a buffer of the state dict that is no trained parameter (the random frequencies of the
     *     Fourier embedding); its gradient is always zero
     */
    public record Entry(String name, List<Long> storedShape, long offset, boolean trained) {
        public Entry {
            storedShape = List.copyOf(storedShape);
        }

        /** Number of elements. */
        public long length() {
            return storedShape.stream().reduce(1L, (a, b) -> a * b);
        }

        /** The stored shape as an array, for ND4J. */
        public long[] shape() {
            return storedShape.stream().mapToLong(Long::longValue).toArray();
        }

        /** Whether the parameter is a convolution kernel, the only kind whose stored axes differ from the official. */
        public boolean isKernel() {
            return storedShape.size() == 4;
        }

        /** The official shape: {@code [out, in, kH, kW]} for a kernel, the stored shape otherwise. */
        public long[] officialShape() {
            long[] s = shape();
            return isKernel() ? new long[] {s[3], s[2], s[0], s[1]} : s;
        }
    }

    private final Map<String, Entry> entries;
    private final long length;

    private ParameterLayout(Map<String, Entry> entries, long length) {
        this.entries = Collections.unmodifiableMap(entries);
        this.length = length;
    }

    /** All parameters in the order of the flat buffer. */
    public List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    /** The parameter of that name, if there is one. */
    public Optional<Entry> find(String name) {
        return Optional.ofNullable(entries.get(name));
    }

    /**
     * The parameter of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Entry get(String name) {
        return find(name).orElseThrow(() -> new IllegalArgumentException("no parameter is named " + name));
    }

    /** Number of elements of the flat buffer. */
    public long length() {
        return length;
    }

    /** Number of trained parameters: the length of the flat buffer without the state dict's fixed buffers. */
    public long parameterCount() {
        return entries.values().stream()
                .filter(Entry::trained)
                .mapToLong(Entry::length)
                .sum();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ParameterLayout that && entries().equals(that.entries());
    }

    @Override
    public int hashCode() {
        return entries().hashCode();
    }

    /** Starts an empty layout. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects parameters in order. */
    public static final class Builder {
        private final Map<String, Entry> entries = new LinkedHashMap<>();
        private long length;

        private Builder() {}

        /**
         * Appends a trained parameter.
         *
         * @throws IllegalArgumentException if the name is taken or a dimension is not positive
         */
        public Builder add(String name, long... storedShape) {
            return add(name, true, storedShape);
        }

        /**
         * Appends a buffer that belongs to the state dict but is not trained.
         *
         * @throws IllegalArgumentException if the name is taken or a dimension is not positive
         */
        public Builder addBuffer(String name, long... storedShape) {
            return add(name, false, storedShape);
        }

        private Builder add(String name, boolean trained, long... storedShape) {
            List<Long> shape = new ArrayList<>();
            for (long dim : storedShape) {
                if (dim <= 0) {
                    throw new IllegalArgumentException("parameter " + name + " has a dimension of " + dim);
                }
                shape.add(dim);
            }
            Entry entry = new Entry(name, shape, length, trained);
            if (entries.putIfAbsent(name, entry) != null) {
                throw new IllegalArgumentException("two parameters are named " + name);
            }
            length += entry.length();
            return this;
        }

        /** The finished layout. */
        public ParameterLayout build() {
            return new ParameterLayout(new LinkedHashMap<>(entries), length);
        }
    }
}
