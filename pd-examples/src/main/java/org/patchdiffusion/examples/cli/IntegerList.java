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

    /** Reads the list from an option. */
    static final class Converter implements ITypeConverter<IntegerList> {
        @Override
        public IntegerList convert(String text) {
            List<Integer> values = new ArrayList<>();
            if (text.isBlank() || text.equals("none")) {
                return new IntegerList(values);
            }
            for (String part : text.split(",")) {
                try {
                    values.add(Integer.parseInt(part.strip()));
                } catch (NumberFormatException e) {
                    throw new TypeConversionException("\"" + text + "\" is no list of whole numbers such as 1,2,2");
                }
            }
            return new IntegerList(values);
        }
    }
}
