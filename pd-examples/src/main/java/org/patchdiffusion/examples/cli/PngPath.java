package org.patchdiffusion.examples.cli;

import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A picture to write.
 *
 * @param path its file, whose ending is that of the format
 */
record PngPath(Path path) {

    /** Reads the path from an option. */
    static final class Converter implements ITypeConverter<PngPath> {
        @Override
        public PngPath convert(String text) {
            if (!text.toLowerCase(Locale.ROOT).endsWith(".png")) {
                throw new TypeConversionException("pictures are written as PNG; give \"" + text + "\" the ending .png");
            }
            return new PngPath(Path.of(text));
        }
    }
}
