package org.patchdiffusion.examples.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Whole numbers separated by commas; {@code none} for no number at all.
 *
 * @param values the numbers, in the order given
 */
record IntegerList(List<Integer> values) {

    IntegerList {
        values = List.copyOf(values);
    }

    /** Reads numbers of at least 1. */
    static final class Positive extends Converter {
        Positive() {
            super(1);
        }
    }

    /** Reads numbers of at least 0. */
    static final class NotNegative extends Converter {
        NotNegative() {
            super(0);
        }
    }

    /** Reads the list from an option. */
    private abstract static class Converter implements ITypeConverter<IntegerList> {
        private final int least;

        private Converter(int least) {
            this.least = least;
        }

        @Override
        public IntegerList convert(String text) {
            List<Integer> values = new ArrayList<>();
            if (text.isBlank() || text.equals("none")) {
                return new IntegerList(values);
            }
            for (String part : text.split(",", -1)) {
                try {
                    values.add(Integer.parseInt(part.strip()));
                } catch (NumberFormatException e) {
                    throw wrong(text, "no list of whole numbers such as 1,2,2");
                }
            }
            if (values.stream().anyMatch(value -> value < least)) {
                throw wrong(text, "out of range: every number must be at least " + least);
            }
            return new IntegerList(values);
        }

        private static TypeConversionException wrong(String text, String why) {
            return new TypeConversionException("\"" + text + "\" is " + why);
        }
    }
}
