package org.patchdiffusion.examples.cli;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Keeps what libraries print off standard output, which belongs to results. SameDiff prints a line for each op when it
 * builds a gradient graph and has no switch for it.
 */
public final class LibraryChatter extends OutputStream {
    private static final String GRADIENT_GRAPH = "Added differentiated op ";

    private final PrintStream other;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    private LibraryChatter(PrintStream other) {
        this.other = other;
    }

    /** Drops SameDiff's lines and sends everything else that is printed to {@code System.out} to standard error. */
    public static void keepOffStandardOutput() {
        System.setOut(new PrintStream(new LibraryChatter(System.err), true, StandardCharsets.UTF_8));
    }

    @Override
    public synchronized void write(int b) {
        line.write(b);
        if (b == '\n') {
            String text = line.toString(StandardCharsets.UTF_8);
            line.reset();
            if (!text.startsWith(GRADIENT_GRAPH)) {
                other.print(text);
            }
        }
    }
}
