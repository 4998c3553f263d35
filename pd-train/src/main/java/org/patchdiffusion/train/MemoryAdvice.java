package org.patchdiffusion.train;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiPredicate;
import org.bytedeco.javacpp.Pointer;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.MemoryShortageException;
import org.patchdiffusion.train.config.TrainingConfig;

/**
 * Says what would fit when a run does not. Activations are nearly all that a program takes, and grow with the images that it
 * computes at a time and with the channels of the network; what they promise is tried before it is said.
 */
final class MemoryAdvice {

    /** Causes may form a ring. */
    private static final int MOST_CAUSES = 20;

    /** What is advised after memory ran out in the middle, when nobody knows how much was missing. */
    private static final double HALF = 0.5;

    /** Networks have multiples of so many channels. */
    private static final int CHANNEL_STEP = 8;

    private static final long MEGABYTE = 1_000_000;
    private static final long MOST_IN_MEGABYTES = 1_000 * MEGABYTE;

    /** What is reserved for all else where the limit of arrays is raised. */
    private static final double RESERVE = 1.25;

    private final TrainingConfig config;
    private final ModelConfig model;
    private final BiPredicate<TrainingConfig, ModelConfig> fits;

    /**
     * Advice on a run.
     *
     * @param fits whether the programs of such a run find their memory
     */
    MemoryAdvice(TrainingConfig config, ModelConfig model, BiPredicate<TrainingConfig, ModelConfig> fits) {
        this.config = config;
        this.model = model;
        this.fits = fits;
    }

    /** The programs of the run do not fit. */
    TrainingMemoryException onShortage(MemoryShortageException e, PatchSizes sizes) {
        List<String> fitting = fitting(e.available() / (double) e.needed());
        return new TrainingMemoryException(
                "training needs " + size(e.needed()) + " of memory for "
                        + Messages.count(largest(config, sizes), "image") + " at a time, and "
                        + size(e.available()) + " can be had" + limit(e) + "; "
                        + (fitting.isEmpty()
                                ? "even one image at a time is too much, so choose a smaller network"
                                : "this would fit: " + String.join(", or ", fitting)),
                e);
    }

    /** What to raise if it is JavaCPP's limit that is reached, and the machine has more. */
    private static String limit(MemoryShortageException e) {
        boolean isReached = Pointer.maxBytes() > 0 && Pointer.maxBytes() - Pointer.totalBytes() <= e.available();
        long enough = (long) ((e.needed() + Pointer.totalBytes()) * RESERVE);
        long machine =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        return isReached && enough < machine
                ? " by the limit that -Dorg.bytedeco.javacpp.maxbytes sets (by default that of -Xmx; "
                        + (enough / MEGABYTE + 1) + "m would do)"
                : "";
    }

    private static String size(long bytes) {
        return bytes < MOST_IN_MEGABYTES
                ? String.format(Locale.ROOT, "%d MB", bytes / MEGABYTE)
                : MemoryShortageException.gigabytes(bytes);
    }

    /** Memory ran out while the run went on. */
    TrainingMemoryException onExhaustion(OutOfMemoryError e) {
        String reason = String.valueOf(e.getMessage());
        if (reason.contains("Java heap space") || reason.contains("GC overhead")) {
            long heap = Runtime.getRuntime().maxMemory() >> 20;
            return new TrainingMemoryException(
                    "Java's heap of " + heap + " MB is full (" + reason + "); give it more, such as -Xmx" + 2 * heap
                            + "m, or less to hold: --cache disk keeps decoded images out of it",
                    e);
        }
        List<String> half = proposals(HALF);
        return new TrainingMemoryException(
                "the memory for arrays ran out at "
                        + size(Pointer.totalBytes())
                        + " (" + reason + "); "
                        + (half.isEmpty()
                                ? "choose a smaller network"
                                : "take half as much with " + String.join(", or ", half))
                        + ", end other programs, or raise -Dorg.bytedeco.javacpp.maxbytes (now "
                        + size(Pointer.maxBytes()) + ") where the machine has more",
                e);
    }

    /** The error that a failure comes from, if memory ran out. */
    static Optional<OutOfMemoryError> exhaustion(Throwable failure) {
        Throwable one = failure;
        for (int depth = 0; one != null && depth < MOST_CAUSES; depth++) {
            if (one instanceof OutOfMemoryError e) {
                return Optional.of(e);
            }
            one = one.getCause();
        }
        return Optional.empty();
    }

    private static long largest(TrainingConfig config, PatchSizes sizes) {
        long images = 0;
        for (PatchSize patch : sizes.sizes()) {
            images = Math.max(images, sizes.batch(config.batch(), patch));
        }
        return (images + config.parts() - 1) / config.parts();
    }

    /**
     * Settings that were tried and fit.
     *
     * @param share what can be had of what is needed, below 1
     */
    List<String> fitting(double share) {
        List<String> fitting = new ArrayList<>();
        int part = divisor(share * config.batch() / config.parts());
        while (part > 0 && !fits.test(config.toBuilder().batchGpu(part).build(), model)) {
            part = divisor(part - 1);
        }
        int batch = (int) (share * config.batch());
        while (batch > 0 && !fits.test(withBatch(batch), model)) {
            batch = batch * 7 / 8;
        }
        int channels = channels(share);
        while (channels > 0 && !fits.test(config, withChannels(channels))) {
            channels -= CHANNEL_STEP;
        }
        return named(part, batch, channels);
    }

    /** The same by proportion alone. */
    private List<String> proposals(double share) {
        return named(divisor(share * config.batch() / config.parts()), (int) (share * config.batch()), channels(share));
    }

    private static List<String> named(int part, int batch, int channels) {
        List<String> options = new ArrayList<>();
        if (part > 0) {
            options.add("--batch-gpu " + part + " (the same training in parts)");
        }
        if (batch > 0) {
            options.add("--batch " + batch);
        }
        if (channels > 0) {
            options.add("--cbase " + channels);
        }
        return options;
    }

    /** The largest divisor of the batch up to a number; 0 if there is none. */
    private int divisor(double most) {
        int part = (int) most;
        while (part > 0 && config.batch() % part != 0) {
            part--;
        }
        return part;
    }

    private int channels(double share) {
        return (int) (model.network().modelChannels() * share) / CHANNEL_STEP * CHANNEL_STEP;
    }

    private TrainingConfig withBatch(int batch) {
        return config.toBuilder().batch(batch).batchGpu(0).build();
    }

    private ModelConfig withChannels(int channels) {
        return new ModelConfig(
                model.network().toBuilder().modelChannels(channels).build(),
                model.preconditioning(),
                model.height(),
                model.width());
    }
}
