package org.patchdiffusion.examples.cli;

import org.patchdiffusion.data.source.Decoding;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads a whole number of an option and refuses one out of range, before any work. The message that the user sees begins
 * with the option and its unit.
 */
abstract class WholeNumber implements ITypeConverter<Integer> {
    /** No sensible number is larger; products of a few of them with a size do not overflow. */
    private static final int MOST = 1_000_000;

    private final int least;
    private final int most;

    private WholeNumber(int least, int most) {
        this.least = least;
        this.most = most;
    }

    /** At least 1. */
    static final class Positive extends WholeNumber {
        Positive() {
            super(1, MOST);
        }
    }

    /** At least 2. */
    static final class Several extends WholeNumber {
        Several() {
            super(2, MOST);
        }
    }

    /** 0 or more. */
    static final class NotNegative extends WholeNumber {
        NotNegative() {
            super(0, MOST);
        }
    }

    /** Threads: more than any machine has cores are a slip. */
    static final class Threads extends WholeNumber {
        Threads() {
            super(1, 1024);
        }
    }

    /** Where a server listens. */
    static final class Port extends WholeNumber {
        Port() {
            super(1, 65_535);
        }
    }

    /** Side of an image in pixels. */
    static final class Side extends WholeNumber {
        Side() {
            super(1, 8192);
        }
    }

    /** Channels of an image: gray or RGB, with or without alpha. */
    static final class Channels extends WholeNumber {
        Channels() {
            super(1, Decoding.MAX_CHANNELS);
        }
    }

    @Override
    public Integer convert(String text) {
        long value;
        try {
            value = Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            throw new TypeConversionException(
                    "\"" + text + "\" is no whole number; expected one from " + least + " to " + most);
        }
        if (value < least || value > most) {
            throw new TypeConversionException(
                    "it is " + value + ", expected a whole number from " + least + " to " + most);
        }
        return (int) value;
    }
}
