package org.patchdiffusion.examples.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command that holds the others. */
@Command(
        name = "pd",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        abbreviateSynopsis = true,
        description = "Trains diffusion models patch by patch and draws images with them.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed; standard error says why and what to do", "2:wrong usage"},
        subcommands = {
            DatasetCommand.class,
            TrainCommand.class,
            GenerateCommand.class,
            ConvertCommand.class,
            InfoCommand.class,
            ReportCommand.class,
            BenchCommand.class,
            VerifyCommand.class,
            HelpCommand.class
        })
final class PdCommand implements Runnable {

    @Spec
    CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Print the stack trace of a failure.")
    boolean debug;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name a command, such as \"pd train\"");
    }
}
