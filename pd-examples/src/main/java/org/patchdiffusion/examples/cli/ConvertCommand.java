package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.io.ModelFile;
import org.patchdiffusion.model.io.OfficialLayout;
import org.patchdiffusion.model.io.SameDiffFile;
import org.patchdiffusion.model.io.TorchStateDict;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Moves weights between formats. */
@Command(
        name = "convert",
        description =
                "Moves a model between formats: .safetensors (this toolkit's), .pkl (official snapshot, read only), .pth"
                        + " (PyTorch state dict) and .fb (SameDiff graph for one batch and image size).")
final class ConvertCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Parameters(index = "0", paramLabel = "SOURCE", description = "File to read.")
    Path source;

    @Parameters(index = "1", paramLabel = "TARGET", description = "File to write; its ending says the format.")
    Path target;

    @Option(
            names = "--config",
            paramLabel = "MODEL",
            description = "Model file whose configuration goes with weights that have none (.pth or .safetensors).")
    Path config;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "1",
            converter = WholeNumber.Positive.class,
            description = "Batch of a .fb graph.")
    int batch;

    @Option(
            names = "--resolution",
            paramLabel = "WxH",
            converter = ImageSize.Converter.class,
            description = "Image size of a .fb graph, by default that of the model.")
    ImageSize resolution;

    @Override
    public Integer call() throws IOException {
        String ending = ModelFiles.ending(target);
        if (!ending.equals(".safetensors") && !ending.equals(".pth") && !ending.equals(".fb")) {
            throw new ParameterException(
                    spec.commandLine(), "cannot write " + target + ": expected .safetensors, .pth or .fb");
        }
        GivenOptions.refuseUnless(
                spec, ending.equals(".fb"), "a .fb file to write", List.of("--batch", "--resolution"));
        requireUseForConfig();
        write(ending, read());
        spec.commandLine().getErr().println("wrote " + target);
        return 0;
    }

    private void write(String ending, DiffusionModel model) throws IOException {
        ModelConfig shape = model.config();
        switch (ending) {
            case ".safetensors" -> ModelFile.write(
                    target, shape, model.parameters(), Map.of("source", String.valueOf(source.getFileName())));
            case ".pth" -> TorchStateDict.write(target, OfficialLayout.tensors(shape, model.parameters()));
            default -> writeGraph(model);
        }
    }

    private void writeGraph(DiffusionModel model) throws IOException {
        ModelConfig shape = model.config();
        int height = resolution == null ? shape.height() : resolution.height();
        int width = resolution == null ? shape.width() : resolution.width();
        try {
            shape.network().checkSize(height, width);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), "--resolution " + width + "x" + height + ": " + e.getMessage(), e);
        }
        SameDiffFile.write(target, model, batch, height, width);
    }

    /** A configuration that is lent to a file that has one would be read and forgotten. */
    private void requireUseForConfig() throws IOException {
        if (config != null && ModelFiles.hasConfig(source)) {
            throw new ParameterException(
                    spec.commandLine(),
                    source + " has a configuration of its own, so --config has no effect; leave it out");
        }
    }

    private DiffusionModel read() throws IOException {
        if (config == null) {
            return ModelFiles.read(source);
        }
        return ModelFiles.readBare(source, ModelFiles.read(config).config(), choice -> spec.commandLine()
                .getErr()
                .println(source + ": " + choice));
    }
}
