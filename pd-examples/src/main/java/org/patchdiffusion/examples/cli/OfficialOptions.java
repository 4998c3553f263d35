package org.patchdiffusion.examples.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Options of the official tool that leave nothing to choose here. They are taken with the values that change nothing, so
 * that official commands run as they are, and refused with others.
 */
final class OfficialOptions implements HelpSection {

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--fp16",
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "0: training is in float32.")
    YesNo halfPrecision;

    @Option(
            names = "--ls",
            paramLabel = "X",
            converter = RealNumber.Positive.class,
            description = "1: float32 needs no scaling of the loss.")
    Double lossScaling;

    @Option(
            names = "--bench",
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            converter = YesNo.Converter.class,
            description = "0 or 1: there is no cuDNN whose algorithms could be chosen by timing.")
    YesNo cudnnBenchmark;

    @Option(
            names = "--workers",
            paramLabel = "N",
            converter = WholeNumber.Positive.class,
            description = "Any number: batches are made by as many threads as there are cores, and are the same however"
                    + " many.")
    Integer workers;

    @Option(
            names = {"--train-on-latents", "--train_on_latents"},
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "0: whether a data set holds latents is read from it.")
    YesNo latents;

    @Override
    public String heading() {
        return "Options of the official tool that leave nothing to choose here, and what they take";
    }

    /** Refuses values that would change something in the official tool. */
    void requireNeutral() {
        refuse(halfPrecision.value(), "--fp16 1", "training is in float32 here");
        refuse(lossScaling != null && lossScaling != 1, "--ls " + lossScaling, "the loss of float32 needs no scaling");
        refuse(latents.value(), "--train_on_latents 1", "whether a data set holds latents is read from it");
    }

    private void refuse(boolean given, String option, String why) {
        if (given) {
            throw new ParameterException(command.commandLine(), option + ": " + why + "; leave it out");
        }
    }
}
