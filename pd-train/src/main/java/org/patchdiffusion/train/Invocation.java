package org.patchdiffusion.train;

import java.util.List;

/**
 * How a run was called, for its {@code training_options.json}: people read it, and {@code --resume} takes the data set
 * from it.
 *
 * @param commandLine the command and its arguments; empty if it was called as a library
 * @param dataOptions the arguments among them that choose the images, with whole paths; {@code --name=value} each
 */
public record Invocation(List<String> commandLine, List<String> dataOptions) {

    /** A call as a library. */
    public static final Invocation NONE = new Invocation(List.of(), List.of());

    public Invocation {
        commandLine = List.copyOf(commandLine);
        dataOptions = List.copyOf(dataOptions);
    }
}
