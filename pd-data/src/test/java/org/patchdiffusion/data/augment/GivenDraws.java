package org.patchdiffusion.data.augment;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.random.RandomGenerator;

/** Random numbers that a test chose, one after another; asking for more than there are fails. */
final class GivenDraws implements RandomGenerator {
    private final Iterator<Double> draws;

    GivenDraws(List<Double> draws) {
        this.draws = draws.iterator();
    }

    static GivenDraws of(double... draws) {
        return new GivenDraws(Arrays.stream(draws).boxed().toList());
    }

    boolean usedUp() {
        return !draws.hasNext();
    }

    @Override
    public double nextDouble() {
        return draws.next();
    }

    @Override
    public double nextGaussian() {
        return draws.next();
    }

    @Override
    public int nextInt(int bound) {
        return draws.next().intValue();
    }

    @Override
    public long nextLong() {
        throw new UnsupportedOperationException("augmentations draw uniform, normal and small whole numbers only");
    }
}
