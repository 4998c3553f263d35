package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.patchdiffusion.examples.verify.CaseReport;
import org.patchdiffusion.examples.verify.VerificationEngines;
import org.patchdiffusion.examples.verify.Verifier;
import org.patchdiffusion.model.engine.Engines;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs the numeric reference cases of a folder. */
@Command(
        name = "verify",
        description =
                "Runs every numeric reference case in a folder on this machine's backend and prints each error with"
                        + " its bar. The last line of standard output is one JSON object with the counts.")
final class VerifyCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "Folder with NAME.npz and NAME.json files.")
    Path folder;

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Engines that run every network; the first one also runs samplers and training. Default: exact, fast, generic"
                            + " and samediff.")
    List<String> engines = new ArrayList<>();

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            converter = Precision.Converter.class,
            description =
                    "bf16: judge the bfloat16 engine alone, by its own bars, instead of the float32 ones. Default: float32.")
    Precision precision;

    @Override
    public Integer call() throws IOException {
        if (precision == Precision.BF16) {
            if (!engines.isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(), "--precision bf16 is a short form of --engine bf16; give one of them");
            }
            engines = List.of("bf16");
        }
        for (String name : engines) {
            if (!Engines.names().contains(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--engine " + name + " is unknown: expected one of " + String.join(", ", Engines.names()));
            }
        }
        PrintWriter people = spec.commandLine().getErr();
        List<CaseReport> reports = new ArrayList<>();
        try (VerificationEngines chosen =
                engines.isEmpty() ? VerificationEngines.standard() : VerificationEngines.of(engines)) {
            new Verifier(chosen).run(folder, report -> {
                reports.add(report);
                people.print(report.table());
                people.flush();
            });
        }
        Map<String, Long> counts = new LinkedHashMap<>();
        for (CaseReport.Status status : CaseReport.Status.values()) {
            counts.put(
                    status.name().toLowerCase(java.util.Locale.ROOT),
                    reports.stream().filter(r -> r.status() == status).count());
        }
        JsonLine.print(spec.commandLine().getOut(), counts);
        return counts.get("failed") == 0 ? 0 : 1;
    }
}
