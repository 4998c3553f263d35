package org.patchdiffusion.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchBatch;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.PatchIterator;
import org.patchdiffusion.data.PatchSizes;

/**
 * Patches per second on one thread: batches of 16 with their coordinates, from random 64x64 RGB images in memory.
 *
 * <p>Run by {@code mvn -Pjmh process-test-classes}; {@code "-Djmh=PatchBenchmark -p side=32 -t 2"} passes options of
 * JMH.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class PatchBenchmark {
    private static final int IMAGES = 1024;
    private static final int CHANNELS = 3;
    private static final int RESOLUTION = 64;
    private static final int BATCH = 16;

    /** Side of the square patches, in pixels. */
    @Param({"32", "64"})
    public int side;

    private PatchIterator patches;

    /** Draws the images. */
    @Setup
    public void open() {
        Random random = new Random(0);
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < IMAGES; i++) {
            byte[] image = new byte[CHANNELS * RESOLUTION * RESOLUTION];
            random.nextBytes(image);
            images.add(image);
        }
        ImageDataset dataset =
                ImageDataset.ofBytes("random", CHANNELS, RESOLUTION, RESOLUTION, images, null, List.of());
        PatchDistribution one = PatchDistribution.parse(side == RESOLUTION ? "1:1" : side + ":1");
        PatchSizes sizes = PatchSizes.of(RESOLUTION, RESOLUTION, one, 1);
        // A step of patches shows more images than its batch setting.
        patches = PatchIterator.builder(dataset, sizes)
                .batch(BATCH * side / RESOLUTION)
                .build();
    }

    /** Makes a batch and gives its memory back. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int patches() {
        try (PatchBatch batch = patches.nextBatch()) {
            if (batch.count() != BATCH) {
                throw new IllegalStateException("a batch has " + batch.count() + " patches, expected " + BATCH);
            }
            return batch.count();
        }
    }
}
