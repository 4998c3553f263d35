package org.patchdiffusion.examples.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The options that a resumed run keeps unless they are given again: which images it sees, and how it is watched. */
@Command(name = "pd train")
final class KeptOptions {

    @Mixin
    DataOptions data;

    @Mixin
    WatchOptions watch;

    /** Those that were given to a command, as arguments that mean the same in any folder: {@code --name=value} each. */
    static List<String> given(CommandSpec spec) {
        CommandSpec kept = CommandSpec.forAnnotatedObject(new KeptOptions());
        List<String> arguments = new ArrayList<>();
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (kept.findOption(option.longestName()) != null) {
                arguments.add(argument(option));
            }
        }
        return arguments;
    }

    private static String argument(OptionSpec option) {
        List<String> values = option.originalStringValues();
        String name = option.longestName();
        if (option.getValue() instanceof Path path) {
            return name + "=" + path.toAbsolutePath().normalize();
        }
        return values.isEmpty() ? name : name + "=" + String.join(",", values);
    }

    /** Reads arguments by the same rules as those of the command line. */
    static KeptOptions parse(List<String> arguments) {
        KeptOptions options = new KeptOptions();
        CommandLine parser = new CommandLine(options);
        Choices.install(parser);
        parser.parseArgs(arguments.toArray(String[]::new));
        return options;
    }
}
