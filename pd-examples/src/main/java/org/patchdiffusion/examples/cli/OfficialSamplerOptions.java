package org.patchdiffusion.examples.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of the official generator whose other values are not here: those that change nothing are taken. */
final class OfficialSamplerOptions implements HelpSection {

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = {"--on-latents", "--on_latents"},
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "0: models of latents are not drawn here.")
    YesNo latents;

    @Override
    public String heading() {
        return "Options of the official tool that leave nothing to choose here, and what they take";
    }

    /** Refuses values that would change something in the official tool. */
    void requireNeutral() {
        if (latents.value()) {
            throw new ParameterException(
                    command.commandLine(), "--on_latents 1: models of latents are not drawn here; leave it out");
        }
    }
}
