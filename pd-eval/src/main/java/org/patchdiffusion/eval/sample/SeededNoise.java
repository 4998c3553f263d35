package org.patchdiffusion.eval.sample;

import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;

/**
 * Standard normal noise that depends only on the seed of each image, not on the batch in which it is drawn: image
 * {@code k} is the same whatever its neighbours.
 */
public final class SeededNoise {
    private SeededNoise() {}

    /**
     * The starting noise of a sampler.
     *
     * @param seeds one seed for each image
     */
    public static NoiseSource latents(long[] seeds) {
        long[] own = seeds.clone();
        return (step, noise) -> fill(own, Purpose.LATENT, step, noise);
    }

    /**
     * The fresh noise of a stochastic sampler.
     *
     * @param seeds one seed for each image
     */
    public static NoiseSource churn(long[] seeds) {
        long[] own = seeds.clone();
        return (step, noise) -> fill(own, Purpose.CHURN, step, noise);
    }

    private static void fill(long[] seeds, Purpose purpose, int step, INDArray target) {
        if (target.size(0) != seeds.length) {
            throw new IllegalArgumentException(
                    "got " + seeds.length + " seeds for " + target.size(0) + " images, expected one seed for each");
        }
        int length = Math.toIntExact(target.length() / seeds.length);
        double[] all = new double[Math.multiplyExact(seeds.length, length)];
        // Each image's noise is a function of its seed: any thread may draw it.
        IntStream.range(0, seeds.length).parallel().forEach(n -> {
            double[] values = new double[length];
            RandomStream.of(seeds[n], purpose, step, 0).fillGaussian(values);
            System.arraycopy(values, 0, all, n * length, length);
        });
        try (INDArray drawn = Nd4j.createFromArray(all)) {
            target.assign(drawn.reshape(target.shape()));
        }
    }
}
