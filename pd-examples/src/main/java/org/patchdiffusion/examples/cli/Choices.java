package org.patchdiffusion.examples.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.OptionSpec;
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

    /** Lets a command and its subcommands read every enumeration among their options in this way. */
    static void install(CommandLine commands) {
        for (OptionSpec option : commands.getCommandSpec().options()) {
            if (option.type().isEnum()) {
                register(commands, option.type());
            }
        }
        commands.getSubcommands().values().forEach(Choices::install);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static void register(CommandLine command, Class<?> type) {
        command.registerConverter((Class) type, new Choices(type));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
