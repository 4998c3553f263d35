package org.patchdiffusion.examples.cli;

import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which engine executes the graphs, and on how many threads. */
final class EngineOptions {
    private static final String BEST = "best";

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            defaultValue = BEST,
            description =
                    "fast, exact (full float32 accuracy), generic or samediff; default: fast where oneDNN is there,"
                            + " else generic.")
    String name;

    @Option(names = "--threads", paramLabel = "N", description = "Threads to use; default: one a core.")
    Integer threads;

    /** Makes the engine; an unknown name is wrong usage. */
    Engine create() {
        if (!name.equals(BEST) && !Engines.names().contains(name)) {
            throw new ParameterException(
                    command.commandLine(),
                    "--engine " + name + " is unknown: expected one of " + String.join(", ", Engines.names()));
        }
        if (threads == null) {
            return name.equals(BEST) ? Engines.best() : Engines.byName(name);
        }
        if (threads < 1) {
            throw new ParameterException(command.commandLine(), "--threads is " + threads + ", expected at least 1");
        }
        return name.equals(BEST) ? Engines.best(threads) : Engines.byName(name, threads);
    }

    /** What {@code --threads} says, or the number of cores. */
    int threadCount() {
        return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    }
}
