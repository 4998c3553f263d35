package org.patchdiffusion.train.watch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.patchdiffusion.data.DatasetSplit;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.data.stats.NearestImages;
import org.patchdiffusion.eval.Images;

/**
 * Tells whether samples are copies of training images: how much each sample differs from the training image nearest to it, beside
 * how much held-out images differ from the one nearest to them. A model that makes new images has both alike; where samples
 * are much nearer, it has learned its images by heart.
 *
 * <p>Gives {@code Memorisation/nearest_train} of samples and {@code Memorisation/nearest_heldout}, root mean square
 * differences in the network's range [-1, 1].
 */
public final class Memorisation implements StatsSource {
    private static final double HALF_RANGE = 127.5;

    private final DatasetSplit split;
    private final NearestImages training;
    private final int most;
    private Stat heldOut;
    private Map<String, Stat> pending = Map.of();

    /**
     * Compares with the training part of a data set.
     *
     * @param split pictures that are trained on, and held out
     * @param most at most how many samples and held-out images are compared; at least 1
     * @param seed decides which training images are looked at, if there are too many to look at all
     * @throws IllegalArgumentException if the images are latents, which samples cannot be compared with, or {@code most} is not positive
     */
    public Memorisation(DatasetSplit split, int most, long seed) {
        if (split.training().description().pixels() != PixelType.UINT8) {
            throw new IllegalArgumentException("samples cannot be compared with the latents of "
                    + split.training().name() + ", expected a data set of pictures");
        }
        if (most < 1) {
            throw new IllegalArgumentException("comparison of " + most + " samples, expected at least 1");
        }
        this.split = split;
        this.training = NearestImages.among(split.training(), seed);
        this.most = Math.min(most, training.mostQueries());
    }

    /**
     * Compares samples; the result is in the statistics of the next tick. Within seconds, however many images there are.
     *
     * @param samples drawn with the averaged weights; the first ones are compared
     */
    public void drawn(Images samples) {
        Map<String, Stat> stats = new LinkedHashMap<>();
        List<float[]> values = samples.pixels().stream()
                .limit(most)
                .map(Memorisation::toNetwork)
                .toList();
        stats.put("Memorisation/nearest_train", Stat.of(training.differences(values)));
        stats.put("Memorisation/nearest_heldout", heldOut());
        pending = stats;
    }

    private static float[] toNetwork(byte[] pixels) {
        float[] values = new float[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            values[i] = (float) ((pixels[i] & 0xFF) / HALF_RANGE - 1);
        }
        return values;
    }

    /** The same during the whole run. */
    private Stat heldOut() {
        if (heldOut == null) {
            List<float[]> values = new ArrayList<>();
            IntStream.range(0, Math.min(most, split.heldOut().size()))
                    .forEach(i -> values.add(split.heldOut().values(i)));
            heldOut = Stat.of(training.differences(values));
        }
        return heldOut;
    }

    @Override
    public Map<String, Stat> take() {
        Map<String, Stat> taken = pending;
        pending = Map.of();
        return taken;
    }
}
