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
        int code = run(arguments, results, people);
        results.flush();
        people.flush();
        System.exit(code);
    }

    /** Says what is wrong if the jar was taken away from its libraries: this class needs none. */
    private static int run(String[] arguments, PrintWriter results, PrintWriter people) {
        try {
            return new CommandLineTool(results, people).run(arguments);
        } catch (NoClassDefFoundError e) {
            people.println("pd: error: the class " + e.getMessage().replace('/', '.')
                    + " is missing; keep the folder \"lib\" that the build makes beside pd.jar");
            return 1;
        }
    }
}
