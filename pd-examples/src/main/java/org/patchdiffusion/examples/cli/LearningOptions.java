package org.patchdiffusion.examples.cli;

import org.patchdiffusion.model.precond.Preconditioning;
import org.patchdiffusion.train.config.TrainingConfig;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What a step shows and how it changes the weights. */
final class LearningOptions implements HelpSection {
    private static final double KIMG_PER_MIMG = 1000;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "512",
            converter = WholeNumber.Positive.class,
            description = "Images of a step at full size; of smaller patches it shows more.")
    int batch;

    @Option(
            names = "--batch-gpu",
            paramLabel = "N",
            converter = WholeNumber.Positive.class,
            description =
                    "Images computed at a time, a divisor of --batch: a step adds up its parts and takes the memory of"
                            + " one. By default all at once.")
    Integer batchGpu;

    @Option(
            names = "--precond",
            paramLabel = "NAME",
            defaultValue = "pedm",
            converter = PrecondConverter.class,
            description = "Preconditioning and noise levels: pedm (or edm), vp, ve or iddpm.")
    Preconditioning preconditioning;

    @Option(
            names = "--lr",
            paramLabel = "X",
            defaultValue = "1e-3",
            converter = RealNumber.Positive.class,
            description = "Learning rate of Adam.")
    double learningRate;

    @Option(
            names = "--lr-rampup",
            paramLabel = "MIMG",
            defaultValue = "10",
            converter = RealNumber.NotNegative.class,
            description = "Millions of images over which the learning rate rises from 0.")
    double rampup;

    @Option(
            names = "--ema",
            paramLabel = "MIMG",
            defaultValue = "0.5",
            converter = RealNumber.NotNegative.class,
            description = "Half-life of the averaged weights in millions of images.")
    double ema;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            defaultValue = "0.13",
            converter = RealNumber.Part.class,
            description = "Probability that an activation is dropped.")
    double dropout;

    @Option(
            names = "--cond",
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "Train a class-conditional model; the data set must have labels.")
    YesNo cond;

    @Option(
            names = "--label-dropout",
            paramLabel = "P",
            defaultValue = "0",
            converter = RealNumber.Share.class,
            description = "With --cond: probability that an image's label is hidden.")
    double labelDropout;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Seed of everything random.")
    long seed;

    /** Reads a preconditioning by its name. */
    static final class PrecondConverter implements ITypeConverter<Preconditioning> {
        @Override
        public Preconditioning convert(String text) {
            try {
                return Preconditioning.byName(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    @Override
    public String heading() {
        return "Learning";
    }

    /** Sets the settings of these options. */
    void applyTo(TrainingConfig.Builder settings) {
        settings.batch(batch)
                .batchGpu(batchGpu == null ? 0 : batchGpu)
                .learningRate(learningRate)
                .lrRampupKimg(rampup * KIMG_PER_MIMG)
                .emaHalflifeKimg(ema * KIMG_PER_MIMG)
                .seed(seed);
    }
}
