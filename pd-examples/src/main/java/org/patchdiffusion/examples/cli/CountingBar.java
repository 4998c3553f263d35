package org.patchdiffusion.examples.cli;

import me.tongfei.progressbar.ProgressBar;
import org.patchdiffusion.data.ProgressListener;

/** A progress bar for images, which appears with the first one: not before a failure to open them at all. */
final class CountingBar implements ProgressListener, AutoCloseable {
    private final String task;
    private ProgressBar bar;

    CountingBar(String task) {
        this.task = task;
    }

    @Override
    public void progress(int done, int total) {
        if (bar == null) {
            bar = Progress.bar(task, total, " images");
        }
        bar.stepTo(done);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
