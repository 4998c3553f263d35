package org.patchdiffusion.examples.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/** What a command line did: exit code, standard output, standard error. */
record Outcome(int code, String out, String err) {

    static Outcome of(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] texts = java.util.Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new);
        int code = new CommandLineTool(new PrintWriter(out, true), new PrintWriter(err, true)).run(texts);
        return new Outcome(code, out.toString(), err.toString());
    }

    /** The last line of standard output. */
    String lastLine() {
        List<String> lines = out.lines().toList();
        return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
    }

    /** The one line that tells of the failure. */
    String error() {
        List<String> errors =
                err.lines().filter(l -> l.startsWith("pd: error: ")).toList();
        return errors.size() == 1 ? errors.get(0) : "expected one error line, got: " + err;
    }
}
