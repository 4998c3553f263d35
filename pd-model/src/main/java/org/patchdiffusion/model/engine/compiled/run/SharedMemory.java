package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.patchdiffusion.model.engine.MemoryShortageException;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;

/**
 * Memory of programs that run in turn, never two at a time: an arena for each replica, as large as the largest program wants,
 * and the packed weights. Freed with the last program.
 */
public final class SharedMemory {
    private static final long CACHE_LINE = 64;

    private final OneDnn oneDnn;
    private final List<Long> wanted = new ArrayList<>();
    private final List<BytePointer> blocks = new ArrayList<>();
    private final Map<Long, WeightStore> weights = new HashMap<>();
    private int users;

    /** Nothing yet. */
    public SharedMemory(OneDnn oneDnn) {
        this.oneDnn = oneDnn;
    }

    /** Counts a program in, which has to {@link #release} it. */
    public synchronized void use() {
        users++;
    }

    /** Frees everything when the last program does not need it any more; programs may come again. */
    public synchronized void release() {
        users--;
        if (users == 0) {
            blocks.forEach(BytePointer::deallocate);
            weights.values().forEach(WeightStore::close);
            blocks.clear();
            weights.clear();
            wanted.clear();
        }
    }

    /** The packed weights that a program uses of a model. */
    public synchronized PackedWeights weights(FlatMemory parameters) {
        return new PackedWeights(
                weights.computeIfAbsent(parameters.address(), address -> new WeightStore(oneDnn, parameters)));
    }

    /** Makes a replica's arena at least this large. All programs ask before the first one takes its arena. */
    public synchronized void reserve(int replica, long bytes) {
        if (!blocks.isEmpty()) {
            throw new IllegalStateException("the arenas are allocated");
        }
        while (wanted.size() <= replica) {
            wanted.add(0L);
        }
        wanted.set(replica, Math.max(wanted.get(replica), bytes));
    }

    /**
     * Allocates the arenas that were asked for.
     *
     * @throws MemoryShortageException if there is not enough memory
     */
    public synchronized void allocate() {
        long arenas = wanted.stream().mapToLong(Long::longValue).sum();
        long available = FreeMemory.bytes(arenas);
        if (arenas > available) {
            throw new MemoryShortageException(arenas, available);
        }
        for (long bytes : wanted) {
            // Padding of blocked tensors must hold finite numbers from the start.
            blocks.add(new ZeroedMemory(bytes + CACHE_LINE));
        }
    }

    /** A replica's arena. oneDNN's Winograd kernels store whole cache lines, and crash where they are not aligned. */
    public synchronized Pointer arena(int replica) {
        BytePointer block = blocks.get(replica);
        return block.getPointer((CACHE_LINE - block.address() % CACHE_LINE) % CACHE_LINE);
    }

    /** Writes zeros to all arenas: numbers that are not finite would stay in the padding of blocked tensors. */
    synchronized void clear() {
        blocks.forEach(block -> Pointer.memset(block, 0, block.capacity()));
    }

    /** Bytes of arenas and packed weights. */
    public synchronized long bytes() {
        long arenas = wanted.stream().mapToLong(Long::longValue).sum();
        return arenas + weights.values().stream().mapToLong(WeightStore::bytes).sum();
    }
}
