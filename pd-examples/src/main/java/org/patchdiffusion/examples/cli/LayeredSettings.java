package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Stack;
import picocli.CommandLine;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Lays the settings of {@code train} over each other before they are read: the command line over the file of
 * {@code --config}, that over {@code --preset}. Options of the file become arguments, as if they had been typed; those of
 * the preset become the defaults.
 */
final class LayeredSettings implements IParameterPreprocessor {

    /** Gives the command the defaults that it has when nothing is chosen, which its help shows. */
    static void install(CommandLine train) {
        train.setDefaultValueProvider(Preset.SMALL.defaults(train.getCommandSpec()));
    }

    @Override
    public boolean preprocess(Stack<String> arguments, CommandSpec command, ArgSpec none, Map<String, Object> info) {
        List<String> typed = new ArrayList<>(arguments);
        Collections.reverse(typed);
        ParseResult first = parse(typed);
        Map<OptionSpec, String> file = fileOf(first, command);
        List<String> added = new ArrayList<>();
        file.forEach((option, value) -> {
            if (!first.hasMatchedOption(option.longestName())) {
                added.add(option.longestName() + "=" + value);
            }
        });
        List<String> all = new ArrayList<>(added);
        all.addAll(typed);
        Preset preset = parse(all).matchedOptionValue("--preset", Preset.SMALL);
        command.commandLine().setDefaultValueProvider(preset.defaults(command));
        Collections.reverse(added);
        arguments.addAll(added);
        return false;
    }

    /** Reads what can be read of arguments; what cannot is reported when they are read in earnest. */
    private static ParseResult parse(List<String> arguments) {
        CommandLine parser = new CommandLine(new TrainCommand());
        Choices.install(parser);
        parser.getCommandSpec()
                .preprocessor((stack, spec, argument, info) -> false)
                .parser()
                .collectErrors(true);
        return parser.parseArgs(arguments.toArray(String[]::new));
    }

    private static Map<OptionSpec, String> fileOf(ParseResult typed, CommandSpec command) {
        Path file = typed.matchedOptionValue("--config", (Path) null);
        if (file == null) {
            return new LinkedHashMap<>();
        }
        try {
            Map<OptionSpec, String> values = new SettingsFile("--config " + file, command).read(file);
            values.forEach((option, value) -> requireValue(option, value, file, command));
            return values;
        } catch (IOException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    /** A value that the option does not take must be told of as the file's. */
    private static void requireValue(OptionSpec option, String value, Path file, CommandSpec command) {
        for (Exception error :
                parse(List.of(option.longestName() + "=" + value)).errors()) {
            if (error instanceof ParameterException wrong && !(error instanceof MissingParameterException)) {
                throw new ParameterException(
                        command.commandLine(), "--config " + file + ": " + CommandLineTool.describe(wrong), error);
            }
        }
    }
}
