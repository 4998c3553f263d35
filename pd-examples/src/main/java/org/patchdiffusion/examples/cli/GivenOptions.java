package org.patchdiffusion.examples.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Which options the user gave, on the command line or in a file of settings, to refuse those that would have no effect. */
final class GivenOptions {

    private GivenOptions() {}

    /** The longest names of the given options. */
    static List<String> of(CommandSpec spec) {
        return spec.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .toList();
    }

    /**
     * The given options of one of a command's mixins.
     *
     * @param mixin the object that holds their values
     */
    static List<OptionSpec> of(CommandSpec spec, Object mixin) {
        return spec.commandLine().getParseResult().matchedOptions().stream()
                .filter(option -> spec.mixins().values().stream()
                        .anyMatch(one -> one.userObject() == mixin && one.findOption(option.longestName()) != null))
                .toList();
    }

    /** Refuses all options but the allowed ones. */
    static void refuse(CommandSpec spec, List<String> given, String cause, String why, List<String> allowed) {
        given.stream().filter(option -> !allowed.contains(option)).findFirst().ifPresent(option -> {
            throw new ParameterException(
                    spec.commandLine(),
                    option + " cannot be combined with " + cause + ", which " + why + "; leave one out");
        });
    }

    /** Refuses these options, if they were given, unless a condition holds without which they do nothing. */
    static void refuseUnless(CommandSpec spec, boolean condition, String expected, List<String> options) {
        List<String> given = of(spec);
        options.stream()
                .filter(option -> !condition && given.contains(option))
                .findFirst()
                .ifPresent(option -> {
                    throw new ParameterException(
                            spec.commandLine(),
                            option + " has no effect without " + expected + "; give both or neither");
                });
    }

    /** Refuses the options of a mixin, if they were given, unless a condition holds without which they do nothing. */
    static void refuseUnless(CommandSpec spec, boolean condition, String expected, Object mixin) {
        refuseUnless(
                spec,
                condition,
                expected,
                of(spec, mixin).stream().map(OptionSpec::longestName).toList());
    }
}
