package org.patchdiffusion.model.engine.compiled.kernel;

/**
 * Numbers off the heap, which kernels see as float32, whatever their type is. Rows are copied in and out.
 *
 * <p>{@link #get} and {@link #put} may change the order of the numbers of a row, both in the same way: see
 * {@link TileOrder}.
 */
public interface Numbers {

    /** Copies {@code n} numbers from place {@code index} on to an array. */
    void get(long index, float[] target, int offset, int n);

    /** Copies {@code n} numbers of an array, in the order in which {@link #get} gives them, to places from {@code index} on. */
    void put(long index, float[] source, int offset, int n);

    /** Copies {@code n} numbers from place {@code index} on to an array, in the order of memory. */
    void getInOrder(long index, float[] target, int offset, int n);

    /** Copies {@code n} numbers of an array to places from {@code index} on, in the order of memory. */
    void putInOrder(long index, float[] source, int offset, int n);

    /** How many numbers there are. */
    long count();
}
