package org.patchdiffusion.train.watch;

/** Durations for people, as the official tool writes them: {@code 12s}, {@code 1m 02s}, {@code 3h 07m 45s}, {@code 2d 04h 09m}. */
final class Durations {
    private static final long MINUTE = 60;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;

    private Durations() {}

    /** A duration in seconds, rounded to whole ones. */
    static String of(double seconds) {
        long s = Math.round(seconds);
        if (s < MINUTE) {
            return s + "s";
        }
        if (s < HOUR) {
            return s / MINUTE + "m " + two(s % MINUTE) + "s";
        }
        if (s < DAY) {
            return s / HOUR + "h " + two(s % HOUR / MINUTE) + "m " + two(s % MINUTE) + "s";
        }
        return s / DAY + "d " + two(s % DAY / HOUR) + "h " + two(s % HOUR / MINUTE) + "m";
    }

    /** The two largest units of it, in at most 7 characters: {@code 12s}, {@code 1m02s}, {@code 3h07m}, {@code 2d04h}, {@code 999d+}. */
    static String brief(double seconds) {
        long s = Math.round(seconds);
        if (s < MINUTE) {
            return s + "s";
        }
        if (s < HOUR) {
            return s / MINUTE + "m" + two(s % MINUTE) + "s";
        }
        if (s < DAY) {
            return s / HOUR + "h" + two(s % HOUR / MINUTE) + "m";
        }
        return s / DAY > 999 ? "999d+" : s / DAY + "d" + two(s % DAY / HOUR) + "h";
    }

    private static String two(long number) {
        return number < 10 ? "0" + number : String.valueOf(number);
    }
}
