package org.patchdiffusion.examples.cli;

import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which engine executes the graphs, and on how many threads. */
final class EngineOptions implements HelpSection {
    private static final String BEST = "best";

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            defaultValue = BEST,
            converter = NameConverter.class,
            description =
                    "fast, exact (full float32 accuracy), generic or samediff; best is fast where oneDNN is there,"
                            + " else generic.")
    String name;

    @Option(
            names = "--threads",
            paramLabel = "N",
            converter = WholeNumber.Threads.class,
            description = "Threads to use, by default one a core.")
    Integer threads;

    /** Reads the name of an engine. */
    static final class NameConverter implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            if (!text.equals(BEST) && !Engines.names().contains(text)) {
                throw new TypeConversionException("there is no engine \"" + text + "\"; choose one of "
                        + String.join(", ", Engines.names()) + ", " + BEST);
            }
            return text;
        }
    }

    @Override
    public String heading() {
        return "The machine";
    }

    /** Makes the engine. */
    Engine create() {
        if (threads == null) {
            return name.equals(BEST) ? Engines.best() : Engines.byName(name);
        }
        return name.equals(BEST) ? Engines.best(threads) : Engines.byName(name, threads);
    }

    /** Makes the engine of one of some workers, which share the threads. */
    Engine create(int workers) {
        if (workers == 1) {
            return create();
        }
        int share = Math.max(1, threadCount() / workers);
        return name.equals(BEST) ? Engines.best(share) : Engines.byName(name, share);
    }

    /** What {@code --threads} says, or the number of cores. */
    int threadCount() {
        return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    }
}
