package org.patchdiffusion.examples.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads a real number of an option and refuses one out of range, before any work. The message that the user sees begins
 * with the option and its unit.
 */
abstract class RealNumber implements ITypeConverter<Double> {
    /** No sensible quantity is larger; what is computed from it stays within the range of whole numbers. */
    private static final double MOST = 1e7;

    private final double least;
    private final double most;
    private final boolean open;
    private final String expected;

    private RealNumber(double least, double most, boolean open, String expected) {
        this.least = least;
        this.most = most;
        this.open = open;
        this.expected = expected;
    }

    /** A number above 0. */
    static final class Positive extends RealNumber {
        Positive() {
            super(0, MOST, true, "a positive number up to 10 million");
        }
    }

    /** 0 or a number above it. */
    static final class NotNegative extends RealNumber {
        NotNegative() {
            super(0, MOST, false, "0 or a positive number up to 10 million");
        }
    }

    /** A probability or share. */
    static final class Share extends RealNumber {
        Share() {
            super(0, 1, false, "a number from 0 to 1");
        }
    }

    /** A share that leaves a rest. */
    static final class Part extends RealNumber {
        Part() {
            super(0, Math.nextDown(1.0), false, "a number from 0 to below 1");
        }
    }

    /** A number above 0, or infinity. */
    static final class Unlimited extends RealNumber {
        Unlimited() {
            super(0, Double.POSITIVE_INFINITY, false, "0, a positive number, or inf");
        }
    }

    @Override
    public Double convert(String text) {
        double value;
        try {
            value = text.strip().equals("inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("\"" + text + "\" is no number; expected " + expected);
        }
        if (!(value >= least && value <= most) || open && value == least) {
            throw new TypeConversionException("it is " + text + ", expected " + expected);
        }
        return value;
    }
}
