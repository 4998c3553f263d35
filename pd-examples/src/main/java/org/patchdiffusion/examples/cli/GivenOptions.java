package org.patchdiffusion.examples.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Which options the user gave, to refuse those that would have no effect. */
final class GivenOptions {

    private GivenOptions() {}

    /** The longest names of the given options. */
    static List<String> of(CommandSpec spec) {
        return spec.commandLine().getParseResult().matchedOptions().stream()
                .map(option -> option.longestName())
                .toList();
    }

    /** Refuses all options but the allowed ones. */
    static void refuse(CommandSpec spec, List<String> given, String cause, String why, List<String> allowed) {
        given.stream().filter(option -> !allowed.contains(option)).findFirst().ifPresent(option -> {
            throw conflict(spec, option, cause, why);
        });
    }

    /** Refuses these options. */
    static void refuseThese(CommandSpec spec, List<String> given, String cause, String why, List<String> refused) {
        given.stream().filter(refused::contains).findFirst().ifPresent(option -> {
            throw conflict(spec, option, cause, why);
        });
    }

    private static ParameterException conflict(CommandSpec spec, String option, String cause, String why) {
        return new ParameterException(
                spec.commandLine(),
                option + " cannot be combined with " + cause + ", which " + why + "; leave one out");
    }
}
