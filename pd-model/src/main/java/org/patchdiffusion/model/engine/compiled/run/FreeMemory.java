package org.patchdiffusion.model.engine.compiled.run;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/** How much memory off the heap can be had. */
final class FreeMemory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    /** A container has no less than this part of its machine's free memory, or its limit is asked for. */
    private static final int USUAL_PART = 8;

    private FreeMemory() {}

    /**
     * What the machine or container has left, and JavaCPP's limits allow.
     *
     * @param needed bytes that somebody wants: for few, the limit of a container is not asked for, which takes 40 ms the
     *     first time
     */
    static long bytes(long needed) {
        long free = ofMachine();
        if (needed > free / USUAL_PART) {
            free = Math.min(free, ofSystemBean());
        }
        if (Pointer.maxBytes() > 0) {
            free = Math.min(free, Pointer.maxBytes() - Pointer.totalBytes());
        }
        if (Pointer.maxPhysicalBytes() > 0) {
            free = Math.min(free, Pointer.maxPhysicalBytes() - Pointer.physicalBytes());
        }
        return Math.max(0, free);
    }

    /** What Linux says that it could free, caches included; elsewhere what the system bean says. */
    private static long ofMachine() {
        long available = meminfo("MemAvailable:");
        return available > 0 ? available : system().getFreeMemorySize();
    }

    /** Knows the limit of a container, but takes caches for used: of a whole machine it tells nothing new. */
    private static long ofSystemBean() {
        boolean contained = system().getTotalMemorySize() < meminfo("MemTotal:");
        return contained ? system().getFreeMemorySize() : Long.MAX_VALUE;
    }

    private static OperatingSystemMXBean system() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    }

    /** Bytes in a line of Linux' account of the memory; 0 where there is none. */
    private static long meminfo(String name) {
        try {
            for (String line : Files.isReadable(MEMINFO) ? Files.readAllLines(MEMINFO) : List.<String>of()) {
                String[] words = line.split("\\s+");
                if (words[0].equals(name)) {
                    return Long.parseLong(words[1]) * 1024;
                }
            }
        } catch (IOException e) {
            // As where there is no such file.
            return 0;
        }
        return 0;
    }
}
