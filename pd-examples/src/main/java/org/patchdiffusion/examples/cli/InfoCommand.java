package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.LabelUse;
import org.patchdiffusion.data.PixelCache;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;
import org.patchdiffusion.model.io.ModelFile;
import org.patchdiffusion.model.io.TorchStateDict;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.run.RecordedOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a file or folder holds. */
@Command(
        name = "info",
        description =
                "Shows what a model file, a data set, a run directory or a checkpoint holds; without PATH, what this"
                        + " machine has for the engines.")
final class InfoCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "PATH", arity = "0..1", description = "File or folder.")
    Path path;

    @Override
    public Integer call() throws IOException {
        if (path == null) {
            machine();
            return 0;
        }
        if (!Files.exists(path)) {
            throw new IOException(path + " does not exist");
        }
        if (Files.isDirectory(path)) {
            folder();
        } else {
            file();
        }
        spec.commandLine().getOut().flush();
        return 0;
    }

    private void machine() {
        boolean compiled = CompiledEngine.isAvailable();
        boolean bfloat16 = CompiledEngine.isAvailable(Accuracy.BFLOAT16);
        int cores = Runtime.getRuntime().availableProcessors();
        print("processor: " + Messages.count(cores, "core") + ", " + CompiledEngine.instructions());
        print("engines: " + (compiled ? "fast and exact by oneDNN, " : "") + "generic, samediff; best is "
                + (compiled ? "fast" : "generic"));
        print("--precision bf16: " + (bfloat16 ? "yes" : "no, it needs AMX"));
        spec.commandLine().getOut().flush();
    }

    private void folder() throws IOException {
        if (Files.exists(path.resolve("checkpoint.json"))) {
            checkpoint();
        } else if (Files.exists(path.resolve(RecordedOptions.FILE))) {
            runDirectory();
        } else {
            dataset();
        }
    }

    private void file() throws IOException {
        switch (ModelFiles.ending(path)) {
            case ".safetensors" -> {
                ModelFile.Info info = ModelFile.info(path);
                model("model of this toolkit", info.config());
                info.provenance().forEach((key, value) -> print(key + ": " + PrettyJson.of(value)));
            }
            case ".pkl" -> model("official snapshot", ModelFiles.read(path).config());
            case ".fb" -> model("exported SameDiff graph", ModelFiles.read(path).config());
            case ".pth", ".pt" -> stateDict();
            default -> dataset();
        }
    }

    private void model(String what, ModelConfig config) {
        print(String.format(
                Locale.ROOT,
                "%s: %s, %,d parameters, images of %dx%d",
                path,
                what,
                DiffusionModel.layout(config).parameterCount(),
                config.width(),
                config.height()));
        print("config: " + PrettyJson.of(config.toJson()));
    }

    private void stateDict() throws IOException {
        try (TorchStateDict state = TorchStateDict.open(path)) {
            print(path + ": PyTorch state dict of "
                    + Messages.count(state.tensors().size(), "tensor"));
            state.tensors().forEach((name, info) -> print("  " + name + " " + info.type() + " " + info.shape()));
        }
    }

    private void dataset() throws IOException {
        DatasetOptions options =
                DatasetOptions.ALL.withLabels(LabelUse.IF_PRESENT).withCache(PixelCache.NONE);
        try (ImageDataset images = open(options)) {
            int[] counts = new int[images.labelDim()];
            for (int i = 0; i < images.size() && counts.length > 0; i++) {
                counts[images.label(i)]++;
            }
            print(path + ": data set of " + Messages.count(images.size(), "image") + " of " + images.width() + "x"
                    + images.height() + " with " + Messages.count(images.channels(), "channel") + ", "
                    + (counts.length > 0 ? Messages.count(counts.length, "class", "classes") : "no labels"));
            for (int label = 0; label < counts.length; label++) {
                String name = images.description().classes().get(label);
                String named = name.equals(String.valueOf(label)) ? "" : " (" + name + ")";
                print("  class " + label + named + ": " + Messages.count(counts[label], "image"));
            }
            images.remarks().forEach(this::print);
            print("fingerprint: " + images.fingerprint());
        }
    }

    /** Every image is decoded, which takes a while for many. */
    private ImageDataset open(DatasetOptions options) throws IOException {
        try (CountingBar bar = new CountingBar("reading " + path.getFileName())) {
            return ImageDataset.open(path, options, bar);
        }
    }

    private void checkpoint() throws IOException {
        Checkpoint checkpoint = Checkpoint.read(path);
        long steps = checkpoint.state().steps();
        long images = checkpoint.state().images();
        print(String.format(
                Locale.ROOT,
                "%s: checkpoint after %,d %s, %,d %s",
                path,
                steps,
                steps == 1 ? "step" : "steps",
                images,
                images == 1 ? "image" : "images"));
        print("model: " + PrettyJson.of(checkpoint.model().toJson()));
        print("training: " + PrettyJson.of(checkpoint.training().toJson()));
    }

    private void runDirectory() throws IOException {
        print(path + ": run directory");
        print(PrettyJson.of(RecordedOptions.read(path).toString()));
        Path stats = path.resolve("stats.jsonl");
        if (Files.exists(stats)) {
            List<String> lines = linesOf(stats);
            print("ticks: " + lines.size() + (lines.isEmpty() ? "" : ", the last one " + lines.get(lines.size() - 1)));
        }
        try (Stream<Path> files = Files.list(path)) {
            print("files: "
                    + String.join(
                            ", ",
                            files.map(f -> f.getFileName().toString()).sorted().toList()));
        }
    }

    private static List<String> linesOf(Path file) throws IOException {
        try {
            return Files.readAllLines(file);
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is damaged: it is not text in UTF-8", e);
        }
    }

    private void print(String line) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(line);
    }
}
