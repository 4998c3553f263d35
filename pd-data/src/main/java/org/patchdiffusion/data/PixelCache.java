package org.patchdiffusion.data;

/** Where the decoded images of a data set are kept while it is used. The images are the same bytes whichever. */
public enum PixelCache {
    /** In memory if they fit, else on disk if there is room, else nowhere. */
    AUTO,
    /** On the heap. */
    MEMORY,
    /**
     * Uncompressed in a file beside the folder or zip, made once and used again until that changes. It is read, not mapped,
     * so it costs no memory but the operating system's own cache, and a file that is cut short is a failure with a message
     * instead of the end of the JVM.
     */
    DISK,
    /** Nowhere: each image is read and decoded whenever it is shown. */
    NONE
}
