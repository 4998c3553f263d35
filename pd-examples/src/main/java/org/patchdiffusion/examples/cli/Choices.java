package org.patchdiffusion.examples.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.patchdiffusion.data.augment.AugmentPlace;
import org.patchdiffusion.data.convert.Filter;
import org.patchdiffusion.data.convert.Transform;
import org.patchdiffusion.model.UNetConfig;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads the constants of an enumeration by the names that users write: in any case, with dashes for underscores.
 *
 * @param type the enumeration
 */
record Choices<E extends Enum<E>>(Class<E> type) implements ITypeConverter<E> {

    @Override
    public E convert(String text) {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> name(constant).equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("\"" + text + "\" is unknown: expected one of "
                        + Arrays.stream(type.getEnumConstants())
                                .map(Choices::name)
                                .collect(Collectors.joining(", "))));
    }

    /** Lets a command and its subcommands read every enumeration of their options in this way. */
    static void install(CommandLine commands) {
        install(commands, AugmentPlace.class);
        install(commands, BenchCommand.Mode.class);
        install(commands, Filter.class);
        install(commands, NetworkOptions.Arch.class);
        install(commands, Transform.class);
        install(commands, UNetConfig.Embedding.class);
        install(commands, UNetConfig.EncoderKind.class);
    }

    private static <E extends Enum<E>> void install(CommandLine commands, Class<E> type) {
        commands.registerConverter(type, new Choices<>(type));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
