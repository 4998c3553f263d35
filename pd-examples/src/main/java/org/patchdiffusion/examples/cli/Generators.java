package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.patchdiffusion.eval.sample.ImageGenerator;
import org.patchdiffusion.eval.sample.SamplingConfig;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;

/** The generators of {@code pd generate}, one for each worker, with their engines. */
final class Generators implements AutoCloseable {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final List<ImageGenerator> generators = new ArrayList<>();
    private final List<ImageGenerator.Builder> builders = new ArrayList<>();
    private final SamplingConfig sampling;

    Generators(GenerateCommand command, DiffusionModel model, SamplingConfig sampling) throws IOException {
        this.sampling = sampling;
        try {
            for (int i = 0; i < command.workers; i++) {
                Engine engine = command.engines.create(command.workers);
                open.push(engine);
                ImageGenerator.Builder builder =
                        ImageGenerator.builder(model).engine(engine).sampling(sampling);
                if (command.label != null) {
                    builder.onlyClass(command.label);
                }
                command.guidance.apply(builder, model.config());
                command.canvas.apply(builder, model.config());
                builders.add(builder);
                ImageGenerator generator = builder.build();
                open.push(generator);
                generators.add(generator);
            }
        } catch (IOException | RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    List<ImageGenerator> all() {
        return generators;
    }

    /** A further generator of the first worker that samples in another way; the caller closes it. */
    ImageGenerator sampling(SamplingConfig other) {
        ImageGenerator.Builder builder = builders.get(0);
        try {
            return builder.sampling(other).build();
        } finally {
            builder.sampling(sampling);
        }
    }

    int steps() {
        return sampling.steps();
    }

    SamplingConfig sampling() {
        return sampling;
    }

    /** Channels, rows and columns of an image. */
    long[] imageShape() {
        return generators.get(0).imageShape();
    }

    @Override
    public void close() {
        RuntimeException failure = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (RuntimeException e) {
                failure = e;
            } catch (Exception e) {
                failure = new IllegalStateException("a generator could not be closed", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
