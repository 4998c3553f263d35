package org.patchdiffusion.examples.cli;

import org.patchdiffusion.eval.EdmSamplerConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The settings of the EDM sampler, by their official names. */
final class SamplerOptions {

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "18", description = "Sampling steps; default 18.")
    int steps;

    @Option(
            names = {"--sigma_min", "--sigma-min"},
            paramLabel = "X",
            defaultValue = "0.002",
            description = "Lowest noise level; default 0.002.")
    double sigmaMin;

    @Option(
            names = {"--sigma_max", "--sigma-max"},
            paramLabel = "X",
            defaultValue = "80",
            description = "Highest noise level; default 80.")
    double sigmaMax;

    @Option(
            names = "--rho",
            paramLabel = "X",
            defaultValue = "7",
            description = "Exponent of the time steps; default 7.")
    double rho;

    @Option(
            names = {"--S_churn", "--S-churn"},
            paramLabel = "X",
            defaultValue = "0",
            description = "Stochasticity strength; default 0, deterministic.")
    double sChurn;

    @Option(
            names = {"--S_min", "--S-min"},
            paramLabel = "X",
            defaultValue = "0",
            description = "Lowest noise level with fresh noise; default 0.")
    double sMin;

    @Option(
            names = {"--S_max", "--S-max"},
            paramLabel = "X",
            description = "Highest noise level with fresh noise; default: infinite.")
    Double sMax;

    @Option(
            names = {"--S_noise", "--S-noise"},
            paramLabel = "X",
            defaultValue = "1",
            description = "Relative strength of the fresh noise; default 1.")
    double sNoise;

    /** The settings; one that is out of range is wrong usage. */
    EdmSamplerConfig build() {
        try {
            return EdmSamplerConfig.builder()
                    .numSteps(steps)
                    .sigmaMin(sigmaMin)
                    .sigmaMax(sigmaMax)
                    .rho(rho)
                    .sChurn(sChurn)
                    .sMin(sMin)
                    .sMax(sMax == null ? Double.POSITIVE_INFINITY : sMax)
                    .sNoise(sNoise)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }
}
