package org.patchdiffusion.examples.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code pd} command line. Results go to one writer, people's text to the other; failures are one line each: exit
 * code 1 with cause and remedy, 2 for wrong usage.
 */
public final class CommandLineTool {
    /** How picocli begins the message of a value that an option does not take. */
    private static final Pattern INVALID = Pattern.compile("Invalid value for option '[^']*'(?: \\([^)]*\\))?: (.*)");

    private final CommandLine commands;

    /**
     * Makes the tool.
     *
     * @param results standard output
     * @param people standard error
     */
    public CommandLineTool(PrintWriter results, PrintWriter people) {
        commands = new CommandLine(new PdCommand())
                .setOut(results)
                .setErr(people)
                .setParameterExceptionHandler(CommandLineTool::wrongUsage)
                .setExecutionExceptionHandler(CommandLineTool::failed);
        SectionedHelp.install(commands);
        LayeredSettings.install(commands.getSubcommands().get("train"));
        Choices.install(commands);
    }

    /**
     * Runs one command.
     *
     * @return the exit code
     */
    public int run(String... arguments) {
        try {
            return commands.execute(arguments);
        } catch (OutOfMemoryError | LinkageError e) {
            commands.getErr().println("pd: error: " + Failure.describe(e));
            if (Arrays.asList(arguments).contains("--debug")) {
                e.printStackTrace(commands.getErr());
            }
            return ExitCode.SOFTWARE;
        }
    }

    private static int wrongUsage(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        String message = describe(e);
        command.getErr()
                .println("pd: error: " + message + "; see \""
                        + command.getCommandSpec().qualifiedName() + " --help\"");
        return ExitCode.USAGE;
    }

    /** What is wrong with arguments, in terms of the options that the user knows. */
    static String describe(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            return unknown(unmatched.getUnmatched().get(0), e.getCommandLine());
        }
        String message = oneLine(e.getMessage());
        Matcher invalid = INVALID.matcher(message);
        return e.getArgSpec() instanceof OptionSpec option && invalid.matches()
                ? option.longestName() + " " + option.paramLabel() + ": " + invalid.group(1)
                : message;
    }

    private static String unknown(String argument, CommandLine command) {
        boolean option = argument.startsWith("-");
        String kind = command.getParent() == null ? "unknown command " : "unexpected argument ";
        Set<String> known = option
                ? command.getCommandSpec().optionsMap().keySet()
                : command.getSubcommands().keySet();
        return (option ? "unknown option " : kind)
                + argument
                + Spelling.nearest(argument, known)
                        .map(near -> ", did you mean " + near + "?")
                        .orElse("");
    }

    private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
        command.getErr().println("pd: error: " + Failure.describe(e));
        if (parsed.originalArgs().contains("--debug")) {
            e.printStackTrace(command.getErr());
        }
        return ExitCode.SOFTWARE;
    }

    static String oneLine(String text) {
        return text == null ? "no further details" : text.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
