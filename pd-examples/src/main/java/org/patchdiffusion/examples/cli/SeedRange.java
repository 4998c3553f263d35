package org.patchdiffusion.examples.cli;

import java.util.Arrays;
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

    /** Reads the seeds from an option. */
    static final class Converter implements ITypeConverter<SeedRange> {
        @Override
        public SeedRange convert(String text) {
            LongStream.Builder all = LongStream.builder();
            long count = 0;
            for (String part : text.split(",")) {
                String[] ends = part.strip().split("-", -1);
                try {
                    long first = Long.parseUnsignedLong(ends[0]);
                    long last = ends.length == 1 ? first : Long.parseUnsignedLong(ends[1]);
                    count += last - first + 1;
                    if (ends.length > 2 || first < 0 || last < first || count > MOST) {
                        throw wrong(text);
                    }
                    LongStream.rangeClosed(first, last).forEach(all::add);
                } catch (NumberFormatException e) {
                    throw wrong(text);
                }
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
