package org.patchdiffusion.examples.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Size of an image, as people write it: {@code 64x48}, or {@code 64} for a square.
 *
 * @param width columns
 * @param height rows
 */
record ImageSize(int width, int height) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,5})(?:x(\\d{1,5}))?");

    /** Reads the size from an option. */
    static final class Converter implements ITypeConverter<ImageSize> {
        @Override
        public ImageSize convert(String text) {
            Matcher size = FORM.matcher(text);
            if (!size.matches()) {
                throw new TypeConversionException("\"" + text + "\" is no size such as 32x32");
            }
            int width = Integer.parseInt(size.group(1));
            return new ImageSize(width, size.group(2) == null ? width : Integer.parseInt(size.group(2)));
        }
    }
}
