package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.train.run.Invocation;
import org.patchdiffusion.train.run.RunDirectory;
import picocli.CommandLine.Option;

/** Where a run starts, takes its settings from, and writes to. */
final class RunOptions implements HelpSection {

    @Option(
            names = "--outdir",
            paramLabel = "FOLDER",
            description = "Folder of all runs; may be left out beside --resume, which then goes on in the run's own"
                    + " folder.")
    Path outdir;

    @Option(
            names = "--desc",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "Ends the name of the run's folder.")
    String remark;

    @Option(names = "--nosubdir", description = "Makes --outdir itself the run's folder, in place of a new one in it.")
    boolean noSubdir;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "small",
            converter = Preset.Converter.class,
            description = "Settings to start from; other options change them. small suits a laptop and some thousand"
                    + " images; cifar10, celeba64, ffhq64 and afhqv2-wild64 are published recipes for several GPUs.")
    Preset preset;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "YAML or JSON file of options by their names, such as lr: 2e-4. It changes the preset; the"
                    + " command line changes both.")
    Path config;

    @Option(
            names = "--resume",
            paramLabel = "FOLDER",
            arity = "0..1",
            fallbackValue = "",
            description = "Goes on from a checkpoint, or the newest whole one of a run directory, with its settings;"
                    + " without a folder, of the newest run in --outdir.")
    Path resume;

    @Option(
            names = "--transfer",
            paramLabel = "FILE",
            description = "Starts from the weights and network of a model: a file, or a run directory for its newest.")
    Path transfer;

    @Option(
            names = {"-n", "--dry-run"},
            description = "Print the configuration and end.")
    boolean dryRun;

    /** Where a new run will be, for people. */
    String describeOutput() {
        return "output: " + (noSubdir ? outdir : "a new run directory in " + outdir);
    }

    /** Makes the folder of a new run. */
    RunDirectory makeFolder(String dataName, ModelConfig model, int batch, Invocation invocation) throws IOException {
        return noSubdir
                ? RunDirectory.createItself(outdir, invocation)
                : RunDirectory.create(outdir, dataName, model, batch, remark, invocation);
    }

    @Override
    public String heading() {
        return "The run";
    }
}
