package org.patchdiffusion.model.engine;

import java.util.Locale;

/** There is not the memory that programs need. Thrown before anything of it is taken. */
public final class MemoryShortageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long needed;
    private final long available;

    /**
     * Says what is short.
     *
     * @param needed bytes that the programs need
     * @param available bytes that can be had
     */
    public MemoryShortageException(long needed, long available) {
        super("the programs need " + gigabytes(needed) + " of memory beside the Java heap, and " + gigabytes(available)
                + " can be had; compile them for fewer images or a smaller network, free some memory, or raise JavaCPP's"
                + " limit with -Dorg.bytedeco.javacpp.maxbytes if that is what is reached");
        this.needed = needed;
        this.available = available;
    }

    /** Bytes that the programs need. */
    public long needed() {
        return needed;
    }

    /** Bytes that can be had. */
    public long available() {
        return available;
    }

    /** A size for people. */
    public static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes * 1e-9);
    }
}
