package org.patchdiffusion.examples;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.patchdiffusion.examples.cli.CommandLineTool;
import org.patchdiffusion.examples.cli.LibraryChatter;

/** The {@code pd} command: trains, samples, times and verifies diffusion models. {@code pd --help} lists what it does. */
public final class Pd {

    private Pd() {}

    /** Runs a command and ends the JVM: exit code 0 done, 1 failed, 2 wrong usage. */
    public static void main(String[] arguments) {
        PrintWriter results = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter people = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        LibraryChatter.keepOffStandardOutput();
        int code = new CommandLineTool(results, people).run(arguments);
        results.flush();
        people.flush();
        System.exit(code);
    }
}
