package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LibraryChatterTest {

    @Test
    void dropsOnlyTheLinesOfGradientGraphs() {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream results = new ByteArrayOutputStream();
        ByteArrayOutputStream people = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(results, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(people, true, StandardCharsets.UTF_8));
            LibraryChatter.keepOffStandardOutput();
            System.out.println("Added differentiated op add_3");
            System.out.println("something else");
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        assertEquals("", results.toString(StandardCharsets.UTF_8));
        assertEquals("something else", people.toString(StandardCharsets.UTF_8).strip());
    }
}
