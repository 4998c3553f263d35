package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.patchdiffusion.train.report.RunReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes the page of a run, or of several. */
@Command(
        name = "report",
        description =
                "Makes a page of a training run that ended, was killed or goes on: samples over time, curves, speed,"
                        + " options and what to do next. With several runs the page compares them. The page is one file that"
                        + " needs nothing beside it.")
final class ReportCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "RUN", arity = "1..*", description = "Folder of a run, as pd train made it.")
    List<Path> runs;

    @Option(
            names = "--outfile",
            paramLabel = "FILE",
            description = "The page, by default " + RunReport.FILE
                    + " in the run's folder, or comparison.html in the working folder for several runs.")
    Path outfile;

    @Override
    public Integer call() throws IOException {
        Path file = outfile != null
                ? outfile
                : runs.size() == 1 ? runs.get(0).resolve(RunReport.FILE) : Path.of("comparison.html");
        if (file.toAbsolutePath().getParent() != null) {
            requireFolder(file.toAbsolutePath().getParent());
        }
        PrintWriter people = spec.commandLine().getErr();
        RunReport.write(runs, file).forEach(remark -> people.println("note: " + remark));
        people.println("wrote " + file);
        people.flush();
        return 0;
    }

    /** A run that is not there is said by the report itself. */
    private void requireFolder(Path parent) throws IOException {
        if (outfile != null && !Files.isDirectory(parent)) {
            throw new IOException("--outfile " + outfile + ": the folder " + parent + " does not exist; make it first");
        }
    }
}
