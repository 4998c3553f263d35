package org.patchdiffusion.examples.cli;

import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Which engine executes the graphs, and on how many threads. */
final class EngineOptions implements HelpSection {
    private static final String BEST = "best";

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            defaultValue = BEST,
            converter = NameConverter.class,
            description =
                    "fast, exact (full float32 accuracy), generic, samediff or bf16 (as --precision bf16); best is fast where"
                            + " oneDNN is there, else generic.")
    String name;

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            defaultValue = "float32",
            converter = Precision.Converter.class,
            description =
                    "float32, or bf16 on processors with AMX: bfloat16 activations and products, about twice as fast in half the"
                            + " memory; weights, gradients and the optimizer stay float32.")
    Precision precision;

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

    /**
     * The engine that the options name, or {@code best}.
     *
     * @throws ParameterException if they contradict each other
     */
    String engine() {
        try {
            return precision == null ? name : precision.engine(name);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    /**
     * Makes the engine.
     *
     * @throws IllegalStateException if the processor lacks what the precision needs
     */
    Engine create() {
        if (threads != null) {
            return engine(threads);
        }
        String engine = engine();
        return engine.equals(BEST) ? Engines.best() : Engines.byName(engine);
    }

    private Engine engine(int count) {
        String engine = engine();
        return engine.equals(BEST) ? Engines.best(count) : Engines.byName(engine, count);
    }

    /** Makes the engine of one of some workers, which share the threads. */
    Engine create(int workers) {
        if (workers == 1) {
            return create();
        }
        int share = Math.max(1, threadCount() / workers);
        return engine(share);
    }

    /** What {@code --threads} says, or the number of cores. */
    int threadCount() {
        return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    }
}
