package org.patchdiffusion.examples.cli;

import java.util.List;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.augment.AugmentPlace;
import org.patchdiffusion.train.TrainingConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How to train, by the official names. Millions of images are counted by the expected images of a step. */
final class TrainingOptions {
    private static final double KIMG_PER_MIMG = 1000;

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--duration",
            paramLabel = "MIMG",
            defaultValue = "200",
            description = "Length of the run in millions of images; default 200.")
    double duration;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "512",
            description = "Images of a step at full size; smaller patches take more; default 512.")
    int batch;

    @Option(names = "--lr", paramLabel = "X", defaultValue = "1e-3", description = "Learning rate; default 1e-3.")
    double learningRate;

    @Option(
            names = "--lr-rampup",
            paramLabel = "MIMG",
            defaultValue = "10",
            description = "Millions of images over which the learning rate rises from 0; default 10.")
    double rampup;

    @Option(
            names = "--ema",
            paramLabel = "MIMG",
            defaultValue = "0.5",
            description = "Half-life of the averaged weights in millions of images; default 0.5.")
    double ema;

    @Option(
            names = {"--real-p", "--real_p"},
            paramLabel = "P",
            defaultValue = "0.5",
            converter = Probability.class,
            description = "Share of steps on whole images, 0 to 1; the rest shows patches; default 0.5.")
    double realP;

    @Option(
            names = "--patch-sizes",
            paramLabel = "SIZE:P,...",
            description = "Patch sizes with their probabilities, as shares of the image's sides or in pixels:"
                    + " 1/4:0.2,1/2:0.3,1:0.5 is what --real-p 0.5 stands for.")
    String patchSizes;

    @Option(
            names = "--progressive",
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "Walk through the patch sizes from small to large instead of drawing them.")
    YesNo progressive;

    @Option(
            names = "--xflip",
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "Mirror images at random.")
    YesNo xflip;

    @Option(
            names = "--augment",
            paramLabel = "P",
            defaultValue = "0",
            converter = Probability.class,
            description =
                    "Augment images with this base probability, 0 to 1, without their showing in samples; default 0.")
    double augment;

    @Option(
            names = "--augment-at",
            paramLabel = "WHAT",
            defaultValue = "patch",
            description = "Augment each patch, or the whole image before it is cut: patch or image; default patch.")
    AugmentPlace augmentAt;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Seed of everything random; default 0.")
    long seed;

    @Option(
            names = "--tick",
            paramLabel = "KIMG",
            defaultValue = "50",
            description = "Interval of the statistics in thousands of images; default 50.")
    double tick;

    @Option(
            names = "--snap",
            paramLabel = "TICKS",
            defaultValue = "50",
            description = "Interval of models and samples in ticks; 0 for the end only; default 50.")
    int snap;

    @Option(
            names = "--dump",
            paramLabel = "TICKS",
            defaultValue = "500",
            description = "Interval of checkpoints in ticks; 0 for the end only; default 500.")
    int dump;

    /** The settings; one that is out of range is wrong usage. */
    TrainingConfig build(String engine) {
        refuseWithoutEffect();
        try {
            return TrainingConfig.builder()
                    .durationKimg(duration * KIMG_PER_MIMG)
                    .batch(batch)
                    .learningRate(learningRate)
                    .lrRampupKimg(rampup * KIMG_PER_MIMG)
                    .emaHalflifeKimg(ema * KIMG_PER_MIMG)
                    .realP(realP)
                    .patchSizes(patchSizes == null ? null : PatchDistribution.parse(patchSizes))
                    .progressive(progressive.value())
                    .xflip(xflip.value())
                    .augment(augment)
                    .augmentAt(augmentAt)
                    .seed(seed)
                    .engine(engine)
                    .tickKimg(tick)
                    .snapshotKimg(snap * tick)
                    .checkpointKimg(dump * tick)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    private void refuseWithoutEffect() {
        List<String> given = GivenOptions.of(command);
        if (given.containsAll(List.of("--patch-sizes", "--real-p"))) {
            throw new ParameterException(
                    command.commandLine(), "--real-p is a short form of --patch-sizes; give one of them");
        }
        if (given.contains("--augment-at") && !given.contains("--augment")) {
            throw new ParameterException(
                    command.commandLine(), "--augment-at has no effect without --augment P; give both or neither");
        }
    }
}
