package org.patchdiffusion.train.watch;

/** Mean and deviation of values that come one after another (Welford 1962), without loss when they are close to each other. */
final class RunningStat {
    private long num;
    private double mean;
    private double squares;

    void add(double value) {
        num++;
        double distance = value - mean;
        mean += distance / num;
        squares += distance * (value - mean);
    }

    Stat get() {
        return new Stat(num, mean, Math.sqrt(squares / num));
    }
}
