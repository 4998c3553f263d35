package org.patchdiffusion.examples.cli;

import org.patchdiffusion.model.ModelConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of the official generator whose other values are not here: those that change nothing are taken. */
final class OfficialSamplerOptions implements HelpSection {

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(names = "--solver", paramLabel = "NAME", defaultValue = "heun", description = "heun.")
    String solver;

    @Option(names = "--disc", paramLabel = "NAME", defaultValue = "edm", description = "Discretisation: edm.")
    String discretisation;

    @Option(names = "--schedule", paramLabel = "NAME", defaultValue = "linear", description = "linear.")
    String schedule;

    @Option(names = "--scaling", paramLabel = "NAME", defaultValue = "none", description = "none.")
    String scaling;

    @Option(
            names = {"--on-latents", "--on_latents"},
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "0: models of latents are not drawn here.")
    YesNo latents;

    @Option(
            names = {"--x-start", "--x_start"},
            paramLabel = "PIXEL",
            defaultValue = "0",
            description = "0: whole images are drawn.")
    int left;

    @Option(
            names = {"--y-start", "--y_start"},
            paramLabel = "PIXEL",
            defaultValue = "0",
            description = "0.")
    int top;

    @Option(
            names = {"--resolution", "--image-size", "--image_size"},
            paramLabel = "N",
            converter = WholeNumber.Side.class,
            description = "The side of the model's images.")
    Integer side;

    @Override
    public String heading() {
        return "Options of the official tool that leave nothing to choose here, and what they take";
    }

    /** Refuses values that would change something in the official tool. */
    void requireNeutral() {
        require(solver.equals("heun"), "--solver " + solver, "the EDM sampler takes heun steps");
        require(discretisation.equals("edm"), "--disc " + discretisation, "the EDM sampler takes the steps of edm");
        require(schedule.equals("linear"), "--schedule " + schedule, "the EDM sampler has the linear schedule");
        require(scaling.equals("none"), "--scaling " + scaling, "the EDM sampler does not scale");
        require(!latents.value(), "--on_latents 1", "models of latents are not drawn here");
        require(left == 0 && top == 0, "--x_start " + left + " --y_start " + top, "whole images are drawn");
    }

    /** Refuses another size than the model's. */
    void requireSide(ModelConfig model) {
        require(
                side == null || side == model.height() && side == model.width(),
                "--resolution " + side,
                "the model draws images of " + model.width() + "x" + model.height());
    }

    private void require(boolean holds, String option, String why) {
        if (!holds) {
            throw new ParameterException(command.commandLine(), option + ": " + why + "; leave it out");
        }
    }
}
