package org.patchdiffusion.train;

/** Whether somebody asked training to stop. Thread-safe. */
final class StopRequest implements StopSignal {
    private volatile boolean made;
    private volatile boolean pending;

    void make() {
        made = true;
        pending = true;
    }

    boolean isMade() {
        return made;
    }

    /** What was learned is safe: pictures may be drawn again. */
    void answered() {
        pending = false;
    }

    /** An interrupt of the training thread, which is the one that asks, is a request too. */
    @Override
    public boolean isStopping() {
        return pending || Thread.currentThread().isInterrupted();
    }
}
