package org.patchdiffusion.examples.cli;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A truth value as the official tools take it: 1, true, yes, on, or their opposites. A type of its own, because picocli
 * takes a value for a boolean only when it is attached by an equals sign.
 *
 * @param value whether it is true
 */
record YesNo(boolean value) {

    /** Reads the value from an option. */
    static final class Converter implements ITypeConverter<YesNo> {
        @Override
        public YesNo convert(String text) {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "1", "true", "yes", "y", "on" -> new YesNo(true);
                case "0", "false", "no", "n", "off" -> new YesNo(false);
                default -> throw new TypeConversionException("\"" + text + "\" is neither true nor false");
            };
        }
    }
}
