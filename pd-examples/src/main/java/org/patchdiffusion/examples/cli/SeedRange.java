package org.patchdiffusion.examples.cli;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Image seeds, such as {@code 0-63} or {@code 1,2,5-10}.
 *
 * @param seeds the seeds, in the order given, each at least 0
 */
record SeedRange(long[] seeds) {
    private static final long MOST = 10_000_000;

    /** Up to 18 digits, which a long holds. */
    private static final Pattern RANGE = Pattern.compile("(\\d{1,18})(?:-(\\d{1,18}))?");

    /** Reads the seeds from an option. */
    static final class Converter implements ITypeConverter<SeedRange> {
        @Override
        public SeedRange convert(String text) {
            LongStream.Builder all = LongStream.builder();
            long room = MOST;
            for (String part : text.split(",", -1)) {
                Matcher range = RANGE.matcher(part.strip());
                if (!range.matches()) {
                    throw wrong(text);
                }
                long first = Long.parseLong(range.group(1));
                long last = range.group(2) == null ? first : Long.parseLong(range.group(2));
                if (last < first) {
                    throw wrong(text);
                }
                if (last - first >= room) {
                    throw new TypeConversionException(
                            "\"" + text + "\" names more than " + MOST + " seeds; draw them in several runs");
                }
                room -= last - first + 1;
                LongStream.rangeClosed(first, last).forEach(all::add);
            }
            return new SeedRange(all.build().toArray());
        }

        private static TypeConversionException wrong(String text) {
            return new TypeConversionException("\"" + text + "\" is no list of seeds such as 0-63 or 1,2,5-10");
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SeedRange that && Arrays.equals(seeds, that.seeds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(seeds);
    }

    @Override
    public String toString() {
        return Arrays.toString(seeds);
    }
}
