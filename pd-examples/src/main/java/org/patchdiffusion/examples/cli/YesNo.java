package org.patchdiffusion.examples.cli;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A truth value as the official tools take it: 1, true, yes, on, or their opposites. */
final class YesNo implements ITypeConverter<Boolean> {
    @Override
    public Boolean convert(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "1", "true", "yes", "y", "on" -> true;
            case "0", "false", "no", "n", "off" -> false;
            default -> throw new TypeConversionException("\"" + text + "\" is neither true nor false");
        };
    }
}
