package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Profile;
import org.patchdiffusion.model.engine.Profiled;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.PeakMeter;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.model.precond.NoiseLevel;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.AdamEma;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Times forward + backward of a training step, a forward pass, the optimizer, or the making of batches. */
@Command(
        name = "bench",
        description =
                "Times a training step (forward + backward) or a forward pass of a network with random weights. The"
                        + " last line of standard output is one JSON object.")
final class BenchCommand implements Callable<Integer> {
    private static final int CHANNELS = 3;
    /** Weights of the last layers start near 0; a little noise gives them gradients of normal size. */
    private static final float WEIGHT_NOISE = 0.02f;

    /** What is timed. */
    enum Mode {
        /** Forward and backward. */
        TRAIN("forward + backward"),
        /** Forward alone. */
        INFER("forward"),
        /** Gradient sum, clean-up, Adam and EMA of all parameters. */
        OPTIMIZER("optimizer pass"),
        /** Making the batches that a training step is fed. */
        DATA("batches");

        private final String work;

        Mode(String work) {
            this.work = work;
        }
    }

    @Spec
    CommandSpec spec;

    @Mixin
    NetworkOptions network;

    @Mixin
    EngineOptions engines;

    @Mixin
    DataBench dataBench;

    @Option(
            names = "--resolution",
            paramLabel = "N",
            converter = WholeNumber.Side.class,
            defaultValue = "32",
            description = "Side of the whole image.")
    int resolution;

    @Option(
            names = "--patch",
            paramLabel = "N",
            converter = WholeNumber.Side.class,
            description = "Side of the patches.")
    Integer patch;

    @Option(
            names = "--batch",
            paramLabel = "N",
            converter = WholeNumber.Positive.class,
            defaultValue = "16",
            description = "Patches in a batch.")
    int batch;

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            defaultValue = "train",
            description =
                    "train (forward + backward), infer (forward), optimizer (Adam and averaging) or data (the making of"
                            + " batches).")
    Mode mode;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            defaultValue = "0",
            converter = RealNumber.Share.class,
            description = "Probability that an activation is dropped, with --mode train.")
    private double dropout;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            converter = WholeNumber.Positive.class,
            defaultValue = "10",
            description = "Timed runs.")
    int iterations;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            converter = WholeNumber.NotNegative.class,
            defaultValue = "3",
            description = "Runs before the timed ones.")
    int warmup;

    @Option(
            names = "--profile",
            description = "Show on standard error where the time of one replica goes (fast and exact engines).")
    boolean profile;

    @Override
    public Integer call() throws IOException {
        GivenOptions.refuseUnless(spec, mode == Mode.DATA, "--mode data", dataBench);
        GivenOptions.refuseUnless(spec, dataBench.data != null, "--data PATH", List.of("--cache"));
        GivenOptions.refuseUnless(spec, mode == Mode.TRAIN, "--mode train", List.of("--dropout"));
        GivenOptions.refuseUnless(
                spec, mode == Mode.TRAIN || mode == Mode.INFER, "--mode train or infer", List.of("--profile"));
        if (mode == Mode.DATA) {
            return data();
        }
        int side = patch == null ? resolution : patch;
        require(
                side >= 1 && side <= resolution,
                "--patch is " + side + ", expected 1 to the resolution, " + resolution);
        UNetConfig unet =
                network.build(resolution, CHANNELS, builder -> builder.dropout(mode == Mode.TRAIN ? dropout : 0));
        try {
            unet.checkSize(side, side);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--patch " + side + ": " + e.getMessage(), e);
        }
        try (Engine engine = engines.create()) {
            run(engine, unet, side);
        }
        return 0;
    }

    private void run(Engine engine, UNetConfig unet, int side) {
        ModelConfig config = new ModelConfig(unet, EdmPreconditioning.standard(), resolution, resolution);
        DiffusionModel model = DiffusionModel.create(config, random(0));
        long params = model.parameters().layout().parameterCount();
        PrintWriter people = spec.commandLine().getErr();
        people.printf(
                Locale.ROOT,
                "%s of %s: %,d parameters, batch %d of %dx%d patches, engine %s, %d threads%n",
                mode.work,
                network.family().name().toLowerCase(Locale.ROOT),
                params,
                batch,
                side,
                side,
                engine.name(),
                engines.threadCount());
        people.flush();
        addNoise(model.parameters().flat());
        if (mode == Mode.OPTIMIZER) {
            measureOptimizer(model, engine, side, params);
        } else {
            measure(model, engine, side, params);
        }
    }

    private int data() throws IOException {
        try (ImageDataset images = dataBench.open(resolution)) {
            int whole = Math.min(images.height(), images.width());
            int side = patch == null ? whole : patch;
            require(side >= 2 && side <= whole, "--patch is " + side + ", expected 2 to the resolution, " + whole);
            UNetConfig unet = network.build(whole, images.channels(), builder -> builder.dropout(0));
            ModelConfig config = new ModelConfig(unet, EdmPreconditioning.standard(), images.height(), images.width());
            Map<String, Object> result = dataBench.measure(images, config, side, batch, work -> time(() -> {}, work));
            spec.commandLine().getErr().println(DataBench.describe(result));
            JsonLine.print(spec.commandLine().getOut(), result);
        }
        return 0;
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private static RandomStream random(long index) {
        return RandomStream.of(0, Purpose.INIT, 0, index);
    }

    private static void addNoise(INDArray flat) {
        float[] noise = new float[Math.toIntExact(flat.length())];
        random(1).fillGaussian(noise);
        try (INDArray array = Nd4j.createFromArray(noise)) {
            flat.addi(array.muli(WEIGHT_NOISE));
        }
    }

    private void measure(DiffusionModel model, Engine engine, int side, long params) {
        long start = System.nanoTime();
        Graph graph = mode == Mode.TRAIN ? model.lossGraph(batch, side, side) : model.denoiserGraph(batch, side, side);
        Gradients gradients =
                mode == Mode.TRAIN ? engine.newGradients(model.parameters().layout()) : null;
        try (Program program = engine.compile(graph)) {
            double compileMillis = (System.nanoTime() - start) * 1e-6;
            program.draw(0, 0);
            Map<String, INDArray> inputs = inputs(side);
            Profile times = new Profile();
            Runnable startProfile = () -> {
                if (profile) {
                    profiled(program, engine).profile(times);
                }
            };
            double[] millis = time(startProfile, () -> {
                if (mode == Mode.TRAIN) {
                    program.backward(inputs, gradients);
                } else {
                    program.forward(inputs);
                }
            });
            if (profile) {
                new ProfileTable(times, iterations, PeakMeter.gflopsPerThread(engines.threadCount()))
                        .print(spec.commandLine().getErr());
            }
            report(millis, compileMillis, side, params, engine);
        }
    }

    /** Milliseconds of each run after the warm-up. */
    private double[] time(Runnable afterWarmup, Runnable run) {
        double[] millis = new double[iterations];
        for (int i = -warmup; i < iterations; i++) {
            if (i == 0) {
                afterWarmup.run();
            }
            long from = System.nanoTime();
            run.run();
            if (i >= 0) {
                millis[i] = (System.nanoTime() - from) * 1e-6;
            }
        }
        return millis;
    }

    private void measureOptimizer(DiffusionModel model, Engine engine, int side, long params) {
        TrainingState state = TrainingState.start(model.parameters());
        Gradients gradients = engine.newGradients(model.parameters().layout());
        gradients.parts().forEach(part -> part.assign(state.parameters().flat()));
        TrainingConfig config = TrainingConfig.builder().build();
        try (AdamEma optimizer = new AdamEma(
                config.optimizer().beta1(),
                config.optimizer().beta2(),
                config.optimizer().epsilon(),
                engines.threadCount())) {
            double[] millis = time(
                    () -> {},
                    () -> optimizer.apply(state, gradients, config.optimizer().learningRate(), 0.999));
            report(millis, 0, side, params, engine);
        }
    }

    private Profiled profiled(Program program, Engine engine) {
        if (program instanceof Profiled profiled) {
            return profiled;
        }
        throw new IllegalStateException("--profile: the " + engine.name()
                + " engine does not run this network as compiled steps here, so there are none to time; leave it out");
    }

    private Map<String, INDArray> inputs(int side) {
        Map<String, INDArray> inputs = new HashMap<>();
        long[] images = {batch, CHANNELS, side, side};
        inputs.put("pos", uniform(2, batch, UNetConfig.POSITION_CHANNELS, side, side));
        float[] sigma = new float[batch];
        float[] weight = new float[batch];
        RandomStream draws = random(3);
        for (int i = 0; i < batch; i++) {
            NoiseLevel level = EdmPreconditioning.standard().draw(draws.nextGaussian());
            sigma[i] = (float) level.sigma();
            weight[i] = (float) level.weight();
        }
        inputs.put("sigma", Nd4j.createFromArray(sigma));
        if (mode == Mode.INFER) {
            inputs.put("x", uniform(4, images));
        } else {
            inputs.put("y", uniform(4, images));
            inputs.put("noise", uniform(5, images));
            inputs.put("weight", Nd4j.createFromArray(weight));
        }
        return inputs;
    }

    private static INDArray uniform(long stream, long... shape) {
        float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        RandomStream draws = random(stream);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (2 * draws.nextDouble() - 1);
        }
        return Nd4j.createFromArray(values).castTo(DataType.FLOAT).reshape(shape);
    }

    private void report(double[] millis, double compileMillis, int side, long params, Engine engine) {
        double[] sorted = millis.clone();
        Arrays.sort(sorted);
        double median = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
        double mean = Arrays.stream(sorted).average().orElseThrow();
        spec.commandLine()
                .getErr()
                .printf(
                        Locale.ROOT,
                        "compiled in %.0f ms; minimum %.1f ms, median %.1f ms, mean %.1f ms over %d runs; %.1f images/s%n",
                        compileMillis,
                        sorted[0],
                        median,
                        mean,
                        iterations,
                        batch * 1000 / median);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("mode", mode.name().toLowerCase(Locale.ROOT));
        result.put("arch", network.family().name().toLowerCase(Locale.ROOT));
        result.put("params", params);
        result.put("resolution", resolution);
        result.put("patch", side);
        result.put("batch", batch);
        result.put("engine", engine.name());
        result.put("threads", engines.threadCount());
        result.put("iterations", iterations);
        result.put("min_ms", round(sorted[0]));
        result.put("median_ms", round(median));
        result.put("mean_ms", round(mean));
        result.put("compile_ms", round(compileMillis));
        JsonLine.print(spec.commandLine().getOut(), result);
    }

    static double round(double millis) {
        return Math.round(millis * 1000) / 1000.0;
    }
}
