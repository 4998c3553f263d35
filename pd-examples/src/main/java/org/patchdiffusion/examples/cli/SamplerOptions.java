package org.patchdiffusion.examples.cli;

import java.util.List;
import org.patchdiffusion.eval.EdmSamplerConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The settings of the EDM sampler, by their official names. */
final class SamplerOptions implements HelpSection {

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--steps",
            paramLabel = "N",
            converter = WholeNumber.Several.class,
            defaultValue = "18",
            description = "Sampling steps.")
    int steps;

    @Option(
            names = {"--sigma_min", "--sigma-min"},
            paramLabel = "X",
            converter = RealNumber.Positive.class,
            defaultValue = "0.002",
            description = "Lowest noise level.")
    double sigmaMin;

    @Option(
            names = {"--sigma_max", "--sigma-max"},
            paramLabel = "X",
            converter = RealNumber.Positive.class,
            defaultValue = "80",
            description = "Highest noise level.")
    double sigmaMax;

    @Option(
            names = "--rho",
            paramLabel = "X",
            converter = RealNumber.Positive.class,
            defaultValue = "7",
            description = "Exponent of the time steps.")
    double rho;

    @Option(
            names = {"--S_churn", "--S-churn"},
            paramLabel = "X",
            converter = RealNumber.NotNegative.class,
            defaultValue = "0",
            description = "Strength of fresh noise in each step; 0 for none.")
    double sChurn;

    @Option(
            names = {"--S_min", "--S-min"},
            paramLabel = "X",
            converter = RealNumber.NotNegative.class,
            defaultValue = "0",
            description = "Lowest noise level with fresh noise.")
    double sMin;

    @Option(
            names = {"--S_max", "--S-max"},
            paramLabel = "X",
            converter = RealNumber.Unlimited.class,
            defaultValue = "inf",
            description = "Highest noise level with fresh noise.")
    double sMax;

    @Option(
            names = {"--S_noise", "--S-noise"},
            paramLabel = "X",
            converter = RealNumber.NotNegative.class,
            defaultValue = "1",
            description = "Relative strength of the fresh noise.")
    double sNoise;

    @Override
    public String heading() {
        return "The sampler";
    }

    /** The settings; one that is out of range is wrong usage. */
    EdmSamplerConfig build() {
        GivenOptions.refuseUnless(command, sChurn > 0, "--S_churn X", List.of("--S_min", "--S_max", "--S_noise"));
        try {
            return EdmSamplerConfig.builder()
                    .numSteps(steps)
                    .sigmaMin(sigmaMin)
                    .sigmaMax(sigmaMax)
                    .rho(rho)
                    .sChurn(sChurn)
                    .sMin(sMin)
                    .sMax(sMax)
                    .sNoise(sNoise)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }
}
