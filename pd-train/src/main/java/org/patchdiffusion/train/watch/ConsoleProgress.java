package org.patchdiffusion.train.watch;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.bytedeco.javacpp.Pointer;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.train.StopReason;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingRun;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.step.StepResult;

/**
 * Tells people how far training is: images, loss, speed, memory and the time left in one line of at most 79 characters. On a
 * terminal the line is written over itself, elsewhere a new one follows every minute.
 *
 * <p>Add it to the trainer before whatever draws samples, which it announces.
 */
public final class ConsoleProgress implements TrainingListener {

    /** One less than the narrowest common terminal has: a full line would wrap. */
    private static final int WIDTH = 79;

    private static final long TERMINAL_INTERVAL = Duration.ofSeconds(1).toNanos();
    private static final long PLAIN_INTERVAL = Duration.ofMinutes(1).toNanos();
    private static final double NANOS = 1e-9;
    private static final double KIMG = 1000;

    /** Weight of the newest step in the smoothed loss. */
    private static final double SMOOTHING = 0.02;

    private final PrintStream out;
    private final boolean terminal;
    private final int samples;
    private final Duration budget;
    private final LongSupplier clock;

    private double totalKimg;
    private long startImages;
    private long start;
    private long shownAt;
    /** Nanoseconds in which no step was taken, because something was measured, written or drawn: they count for no budget. */
    private long away;

    private long awaySince;
    private boolean isAway;
    private long steps;
    private long shown;
    private double loss = Double.NaN;
    private StepResult last;
    private int lineLength;

    /**
     * Makes a progress line.
     *
     * @param out where to write, standard error as a rule; not closed
     * @param terminal whether a person watches it: a line is then written over the one before
     * @param samples how many images are drawn at a snapshot, which is announced; 0 for none
     * @param budget the time of taking steps that training will stop after; null if it goes by the number of images
     */
    public ConsoleProgress(PrintStream out, boolean terminal, int samples, Duration budget) {
        this(out, terminal, samples, budget, System::nanoTime);
    }

    ConsoleProgress(PrintStream out, boolean terminal, int samples, Duration budget, LongSupplier clock) {
        this.out = out;
        this.terminal = terminal;
        this.samples = samples;
        this.budget = budget;
        this.clock = clock;
    }

    @Override
    public void started(TrainingRun run) {
        totalKimg = run.training().durationKimg();
        startImages = run.startImages();
        start = clock.getAsLong();
        shownAt = start;
        say("preparing the first step");
    }

    @Override
    public void stepDone(StepResult step) {
        long now = clock.getAsLong();
        if (isAway) {
            isAway = false;
            // This step's own share of the time is not known: it is taken for an average one.
            long average = steps == 0 ? 0 : (awaySince - start - away) / steps;
            away += Math.max(0, now - awaySince - average);
        }
        steps++;
        shown += step.imagesShown();
        last = step;
        if (Double.isFinite(step.lossPerElement())) {
            // The first steps weigh as in a plain mean, or the first one would linger.
            double weight = Double.isNaN(loss) ? 1 : Math.max(SMOOTHING, 1.0 / steps);
            double before = Double.isNaN(loss) ? 0 : loss;
            loss = before + weight * (step.lossPerElement() - before);
        }
        if (steps == 1 || now - shownAt >= (terminal ? TERMINAL_INTERVAL : PLAIN_INTERVAL)) {
            shownAt = now;
            show(line(now));
        }
    }

    @Override
    public void checkpoint(Checkpoint checkpoint) {
        leave();
    }

    @Override
    public void evaluate(DiffusionModel averaged, TrainingState state) {
        leave();
    }

    /** No steps are taken from now on, until the next one is done. */
    private void leave() {
        if (!isAway) {
            isAway = true;
            awaySince = clock.getAsLong();
        }
    }

    @Override
    public void snapshot(long images, DiffusionModel model) {
        leave();
        say(String.format(
                Locale.ROOT,
                "kimg %." + (totalKimg < 100 ? 3 : 1) + "f: writing the model%s",
                images / KIMG,
                samples > 0 ? ", then drawing " + Messages.count(samples, "sample") : ""));
    }

    /**
     * Shows on a terminal how far the drawing of samples is; to be told by whoever draws them.
     *
     * @param step steps of the sampler that are done
     * @param steps how many there are
     */
    public void drawing(int step, int steps) {
        if (terminal) {
            show("drawing samples, step " + step + " of " + steps);
        }
    }

    /** Somebody who asked for the end hears at once that it is on its way. */
    @Override
    public void stopping(StopReason reason) {
        if (reason == StopReason.REQUEST) {
            say("stopping as asked, after a checkpoint is written");
        }
    }

    @Override
    public void warning(String message) {
        say("warning: " + message);
    }

    @Override
    public void finished(StopReason reason) {
        end();
    }

    @Override
    public void failed(Exception cause) {
        end();
    }

    private void end() {
        if (last != null) {
            show(line(clock.getAsLong()));
        }
        if (lineLength > 0) {
            out.println();
            lineLength = 0;
        }
        out.flush();
    }

    private String line(long now) {
        long pause = away + (isAway ? now - awaySince : 0);
        double seconds = Math.max(1, now - start - pause) * NANOS;
        double counted = last.images() - startImages;
        double byImages = (totalKimg * KIMG - last.images()) * seconds / counted;
        double byBudget = budget == null ? Double.POSITIVE_INFINITY : budget.toNanos() * NANOS - seconds;
        double left = Math.max(0, Double.isNaN(byImages) ? byBudget : Math.min(byImages, byBudget));
        return new ProgressLine(
                        last.images() / KIMG,
                        totalKimg,
                        loss,
                        shown / seconds,
                        seconds / steps,
                        Pointer.physicalBytes(),
                        left)
                .text(WIDTH);
    }

    /** Writes a line that stays. */
    private void say(String text) {
        if (terminal) {
            show("");
            out.print('\r');
            lineLength = 0;
        }
        out.println(text);
        out.flush();
    }

    private void show(String text) {
        if (!terminal) {
            if (!text.isEmpty()) {
                out.println(text);
            }
        } else {
            out.print("\r" + text + " ".repeat(Math.max(0, lineLength - text.length())));
            lineLength = text.length();
        }
        out.flush();
    }
}
