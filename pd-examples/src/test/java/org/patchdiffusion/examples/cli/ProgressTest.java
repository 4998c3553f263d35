package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {

    @Test
    void aBarThatIsClosedAtOnceEndsItsLine() {
        PrintStream before = System.err;
        try {
            for (int i = 0; i < 10; i++) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                System.setErr(new PrintStream(out, true, StandardCharsets.UTF_8));
                Progress.bar("reading", 7, " images").close();
                String drawn = out.toString(StandardCharsets.UTF_8);
                assertTrue(drawn.contains("reading") && drawn.endsWith("\n"), drawn);
            }
        } finally {
            System.setErr(before);
        }
    }
}
