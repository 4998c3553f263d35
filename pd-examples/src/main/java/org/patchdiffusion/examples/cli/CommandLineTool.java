package org.patchdiffusion.examples.cli;

import java.io.PrintWriter;
import org.patchdiffusion.data.augment.AugmentPlace;
import org.patchdiffusion.data.convert.Filter;
import org.patchdiffusion.data.convert.Transform;
import org.patchdiffusion.model.UNetConfig;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code pd} command line. Results go to one writer, people's text to the other; failures are one line each: exit
 * code 1 with cause and remedy, 2 for wrong usage.
 */
public final class CommandLineTool {
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
        choice(AugmentPlace.class);
        choice(BenchCommand.Mode.class);
        choice(Filter.class);
        choice(NetworkOptions.Arch.class);
        choice(Transform.class);
        choice(UNetConfig.Embedding.class);
        choice(UNetConfig.EncoderKind.class);
    }

    private <E extends Enum<E>> void choice(Class<E> type) {
        commands.registerConverter(type, new Choices<>(type));
    }

    /**
     * Runs one command.
     *
     * @return the exit code
     */
    public int run(String... arguments) {
        try {
            return commands.execute(arguments);
        } catch (OutOfMemoryError e) {
            commands.getErr().println("pd: error: " + Failure.describe(e));
            return ExitCode.SOFTWARE;
        }
    }

    private static int wrongUsage(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        String message = oneLine(e.getMessage());
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            String unknown = unmatched.getUnmatched().get(0);
            String kind = command.getParent() == null ? "unknown command " : "unexpected argument ";
            message = (unknown.startsWith("-") ? "unknown option " : kind) + unknown;
        }
        command.getErr()
                .println("pd: error: " + message + "; see \""
                        + command.getCommandSpec().qualifiedName() + " --help\"");
        return ExitCode.USAGE;
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
