package org.patchdiffusion.examples.verify;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.random.RandomGenerator;

/** Gives the recorded random draws of one image of a batch, in the order in which they were made. */
final class RecordedDraws implements RandomGenerator {
    private final Iterator<Double> draws;

    private RecordedDraws(List<Double> draws) {
        this.draws = draws.iterator();
    }

    /**
     * The draws of an image.
     *
     * @param prefix the arrays {@code prefix + "draw00"} and so on hold the draws, image after image for each number
     * @param images images in the batch
     */
    static RecordedDraws of(GoldenCase golden, String prefix, int image, int images) {
        List<Double> draws = new ArrayList<>();
        for (int d = 0; golden.has(key(prefix, d)); d++) {
            double[] all = golden.doubles(key(prefix, d));
            for (int at = image; at < all.length; at += images) {
                draws.add(all[at]);
            }
        }
        return new RecordedDraws(draws);
    }

    private static String key(String prefix, int draw) {
        return prefix + (draw < 10 ? "draw0" : "draw") + draw;
    }

    private double next() {
        try {
            return draws.next();
        } catch (NoSuchElementException e) {
            throw new IllegalArgumentException("there are too few recorded draws", e);
        }
    }

    @Override
    public double nextDouble() {
        return next();
    }

    @Override
    public double nextGaussian() {
        return next();
    }

    @Override
    public int nextInt(int bound) {
        return (int) next();
    }

    @Override
    public long nextLong() {
        throw new UnsupportedOperationException("only uniform, normal and whole numbers were recorded");
    }
}
