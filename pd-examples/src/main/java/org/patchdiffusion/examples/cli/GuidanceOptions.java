package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.eval.sample.Guidance;
import org.patchdiffusion.eval.sample.ImageGenerator;
import org.patchdiffusion.eval.sample.NoiseInterval;
import org.patchdiffusion.eval.sample.Tiling;
import org.patchdiffusion.model.ModelConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How the model is driven beyond its own estimate. A weight of 1 leaves it as it is. */
final class GuidanceOptions implements HelpSection {

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--cfg",
            paramLabel = "W",
            converter = RealNumber.NotNegative.class,
            description =
                    "Classifier-free guidance by this weight, for models with classes trained with --label-dropout.")
    Double classifierFree;

    @Option(
            names = "--gnet",
            paramLabel = "PATH",
            description = "Autoguidance: a weaker model to go away from, such as an early snapshot of the run.")
    Path weaker;

    @Option(
            names = "--guidance",
            paramLabel = "W",
            converter = RealNumber.NotNegative.class,
            defaultValue = "1.5",
            description = "Weight of autoguidance.")
    double autoguidance;

    @Option(
            names = "--swg",
            paramLabel = "W",
            converter = RealNumber.NotNegative.class,
            description = "Sliding-window guidance by this weight: away from the model's own view of windows.")
    Double slidingWindow;

    @Option(
            names = "--swg-window",
            paramLabel = "N",
            converter = WholeNumber.Side.class,
            description =
                    "Side of its windows, by default half of the model's images; a patch size of the training is right.")
    Integer window;

    @Option(
            names = "--swg-overlap",
            paramLabel = "N",
            converter = WholeNumber.NotNegative.class,
            description = "Pixels that its windows share, by default half of a window.")
    Integer overlap;

    @Option(
            names = "--interval",
            paramLabel = "LO,HI",
            split = ",",
            arity = "1",
            converter = RealNumber.Unlimited.class,
            description = "Noise levels at which guidance acts, such as 0.2,5; by default all.")
    List<Double> interval;

    @Override
    public String heading() {
        return "Guidance: how far to go beyond the model's estimate (1 leaves it as it is)";
    }

    /** Refuses what has no effect, before any file is read. */
    void check() {
        GivenOptions.refuseUnless(command, weaker != null, "--gnet PATH", List.of("--guidance"));
        GivenOptions.refuseUnless(command, slidingWindow != null, "--swg W", List.of("--swg-window", "--swg-overlap"));
        boolean any = classifierFree != null || weaker != null || slidingWindow != null;
        GivenOptions.refuseUnless(command, any, "--cfg W, --gnet PATH or --swg W", List.of("--interval"));
        if (interval != null && interval.size() != 2) {
            throw new ParameterException(
                    command.commandLine(),
                    "--interval takes two noise levels, such as 0.2,5; it has " + interval.size());
        }
    }

    /** Adds the guidance to a generator. */
    void apply(ImageGenerator.Builder generator, ModelConfig model) throws IOException {
        if (classifierFree != null) {
            if (model.network().labelDim() == 0) {
                throw new ParameterException(
                        command.commandLine(), "--cfg: the model is unconditional, there are no classes to guide to");
            }
            generator.classifierFree(guidance(classifierFree));
        }
        if (weaker != null) {
            generator.autoguidance(ModelFiles.read(weaker), guidance(autoguidance));
        }
        if (slidingWindow != null) {
            int shorter = Math.min(model.height(), model.width());
            int side = window == null ? shorter / 2 : window;
            int shared = overlap == null ? side / 2 : overlap;
            generator.slidingWindow(
                    new Tiling(new PatchSize(side, side), shared, Tiling.Weighting.EVEN), guidance(slidingWindow));
        }
    }

    private Guidance guidance(double weight) {
        return new Guidance(
                weight, interval == null ? NoiseInterval.ALL : new NoiseInterval(interval.get(0), interval.get(1)));
    }
}
