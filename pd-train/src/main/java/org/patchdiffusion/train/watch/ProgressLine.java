package org.patchdiffusion.train.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How far a run is, in one line. The figures stand in the order of their use, so that a narrow terminal loses the last ones.
 *
 * @param kimg thousands of images counted
 * @param totalKimg where the run ends
 * @param loss smoothed loss an element; NaN before the first finite one
 * @param imagesPerSec images shown a second, patches counting as images
 * @param secPerStep seconds a step
 * @param residentBytes physical memory of the process
 * @param secondsLeft time to the end; NaN if not known yet
 */
record ProgressLine(
        double kimg,
        double totalKimg,
        double loss,
        double imagesPerSec,
        double secPerStep,
        long residentBytes,
        double secondsLeft) {

    private static final double GIB = 1 << 30;

    /** From here on numbers are written in powers of ten. */
    private static final double LARGE = 1e7;

    /** The line, of at most so many characters. */
    String text(int width) {
        List<String> parts = new ArrayList<>();
        parts.add("kimg " + count(kimg) + "/" + count(totalKimg));
        parts.add("loss " + (Double.isFinite(loss) ? number(loss, 4) : "-"));
        parts.add(number(imagesPerSec, imagesPerSec < 10 ? 2 : 0) + " img/s");
        parts.add(number(secPerStep, 2) + " s/step");
        parts.add(number(residentBytes / GIB, 1) + " GB");
        parts.add((Double.isFinite(secondsLeft) ? Durations.brief(secondsLeft) : "?") + " left");
        StringBuilder line = new StringBuilder();
        for (String part : parts) {
            String next = line.isEmpty() ? part : "  " + part;
            if (line.length() + next.length() > width) {
                break;
            }
            line.append(next);
        }
        return line.toString();
    }

    /** Large and tiny numbers in powers of ten, so that every figure stays short. */
    private static String number(double value, int digits) {
        double size = Math.abs(value);
        boolean plain = size < LARGE && (size >= 0.5 * Math.pow(10, -digits) || size == 0);
        return String.format(Locale.ROOT, plain ? "%." + digits + "f" : "%.1e", value);
    }

    /** As many digits as tell the ticks of a short run, and whole numbers without any. */
    private String count(double value) {
        if (value >= LARGE) {
            return number(value, 0);
        }
        boolean isWholeEnd = value == totalKimg && value == Math.rint(value);
        return String.format(Locale.ROOT, "%." + (isWholeEnd ? 0 : totalKimg < 100 ? 3 : 1) + "f", value);
    }
}
