package org.patchdiffusion.model.engine.compiled.run;

/** What the dropout masks of a program's runs are drawn from; all replicas read it. */
public final class Draw {
    private volatile long seed;
    private volatile long step;

    /** Sets the seed and the step of the following runs. */
    public void set(long newSeed, long newStep) {
        seed = newSeed;
        step = newStep;
    }

    public long seed() {
        return seed;
    }

    public long step() {
        return step;
    }
}
