package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.PatchIterator;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.data.PixelCache;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.samediff.TrainingIterator;
import picocli.CommandLine.Option;

/** Times the making of batches, on one thread: patches with their coordinates, and all that a training step is fed. */
final class DataBench implements HelpSection {
    private static final int IMAGES = 4096;
    private static final int CHANNELS = 3;

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "The data set to take patches of, by default random images in memory.")
    Path data;

    @Option(
            names = "--cache",
            paramLabel = "PLACE",
            defaultValue = "auto",
            converter = DataOptions.PlaceConverter.class,
            description = "With --data: where decoded images are kept, as for train.")
    PixelCache cache;

    @Option(
            names = "--step-ms",
            paramLabel = "MILLISECONDS",
            converter = RealNumber.Positive.class,
            description = "The time of a training step, to tell the share of it.")
    Double stepMillis;

    @Override
    public String heading() {
        return "With --mode data";
    }

    /** Milliseconds of each batch, after a warm-up. */
    interface Timer {
        double[] time(Runnable work);
    }

    /** The images: those of {@code --data}, or random ones. */
    ImageDataset open(int resolution) throws IOException {
        if (data != null) {
            return ImageDataset.open(data, DatasetOptions.ALL.withCache(cache), ProgressListener.NONE);
        }
        Random random = new Random(0);
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < IMAGES; i++) {
            byte[] image = new byte[CHANNELS * resolution * resolution];
            random.nextBytes(image);
            images.add(image);
        }
        return ImageDataset.ofBytes("random", CHANNELS, resolution, resolution, images, null, List.of());
    }

    /**
     * Times patches alone, then whole training batches.
     *
     * @param side shorter side of the patches
     * @param batch patches in a batch
     */
    Map<String, Object> measure(ImageDataset images, ModelConfig model, int side, int batch, Timer timer) {
        int whole = Math.min(images.height(), images.width());
        PatchDistribution one = PatchDistribution.parse(side == whole ? "1:1" : side + ":1");
        // A step of patches shows more images than its batch setting: ask for as many whole ones as give this many.
        int setting = Math.max(1, batch * side / whole);
        PatchSizes sizes = PatchSizes.of(images.height(), images.width(), one, 1);
        PatchIterator patches =
                PatchIterator.builder(images, sizes).batch(setting).build();
        int count = sizes.batch(setting, sizes.sizes().get(0));
        double[] patchMillis = timer.time(() -> patches.nextBatch().close());
        TrainingConfig config =
                TrainingConfig.builder().batch(setting).patchSizes(one).build();
        DiffusionModel network = DiffusionModel.create(model, new Random(0));
        TrainingIterator batches = TrainingIterator.of(config, network, images, Long.MAX_VALUE);
        double[] batchMillis = timer.time(() -> {
            for (INDArray array : batches.next().getFeatures()) {
                array.close();
            }
        });
        return result(images, side, count, patchMillis, batchMillis);
    }

    private Map<String, Object> result(
            ImageDataset images, int side, int count, double[] patchMillis, double[] batchMillis) {
        double patch = median(patchMillis);
        double batch = median(batchMillis);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("mode", "data");
        result.put("resolution", Math.min(images.height(), images.width()));
        result.put("patch", side);
        result.put("batch", count);
        result.put("place", images.place());
        result.put("iterations", patchMillis.length);
        result.put("patches_ms", BenchCommand.round(patch));
        result.put("patches_per_s", Math.round(count * 1000 / patch));
        result.put("training_batch_ms", BenchCommand.round(batch));
        result.put("training_batch_images_per_s", Math.round(count * 1000 / batch));
        if (stepMillis != null) {
            result.put("patches_share_of_step", share(patch));
            result.put("training_batch_share_of_step", share(batch));
        }
        return result;
    }

    private double share(double millis) {
        return Math.round(millis / stepMillis * 1e5) / 1e5;
    }

    private static double median(double[] values) {
        double[] sorted = DoubleStream.of(values).sorted().toArray();
        return Arrays.stream(sorted, (sorted.length - 1) / 2, sorted.length / 2 + 1)
                .average()
                .orElseThrow();
    }

    /** A line for people. */
    static String describe(Map<String, Object> result) {
        return result.get("batch") + " patches of " + result.get("patch") + "x" + result.get("patch") + ", "
                + result.get("place") + ": " + result.get("patches_ms") + " ms, with noise and noise levels "
                + result.get("training_batch_ms") + " ms"
                + (result.containsKey("patches_share_of_step")
                        ? ", which is " + result.get("training_batch_share_of_step") + " of the step"
                        : "");
    }
}
