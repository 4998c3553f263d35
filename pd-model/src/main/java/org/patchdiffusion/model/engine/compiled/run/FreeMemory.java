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

    private FreeMemory() {}

    /** What the machine or container has left, and JavaCPP's limits allow. */
    static long bytes() {
        long free = ofMachine();
        if (Pointer.maxBytes() > 0) {
            free = Math.min(free, Pointer.maxBytes() - Pointer.totalBytes());
        }
        if (Pointer.maxPhysicalBytes() > 0) {
            free = Math.min(free, Pointer.maxPhysicalBytes() - Pointer.physicalBytes());
        }
        return Math.max(0, free);
    }

    private static long ofMachine() {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long[] meminfo = meminfo();
        // In a container the system bean knows the limit; outside of one, Linux knows better what caches would give
        // back.
        return meminfo[0] > 0 && meminfo[0] <= system.getTotalMemorySize() ? meminfo[1] : system.getFreeMemorySize();
    }

    /** Bytes in total and available; zeros where there is no such file. */
    private static long[] meminfo() {
        long[] bytes = new long[2];
        try {
            for (String line : Files.isReadable(MEMINFO) ? Files.readAllLines(MEMINFO) : List.<String>of()) {
                String[] words = line.split("\\s+");
                if (words[0].equals("MemTotal:")) {
                    bytes[0] = Long.parseLong(words[1]) * 1024;
                } else if (words[0].equals("MemAvailable:")) {
                    bytes[1] = Long.parseLong(words[1]) * 1024;
                }
            }
        } catch (IOException e) {
            return new long[2];
        }
        return bytes;
    }
}
