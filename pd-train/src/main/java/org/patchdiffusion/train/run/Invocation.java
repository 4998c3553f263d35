package org.patchdiffusion.train.run;

import java.util.List;

/**
 * How a run was called, for its {@code training_options.json}: people read it, and a run that
 * goes on takes from it what it keeps.
 *
 * @param commandLine the command and its arguments; empty if it was called as a library
 * @param keptOptions the arguments that a run which goes on keeps, such as the path of its images, which is a whole one;
 *     {@code --name=value} each
 */
public record Invocation(List<String> commandLine, List<String> keptOptions) {

    /** A call as a library. */
    public static final Invocation NONE = new Invocation(List.of(), List.of());

    public Invocation {
        commandLine = List.copyOf(commandLine);
        keptOptions = List.copyOf(keptOptions);
    }
}
