package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.io.ModelFile;
import org.patchdiffusion.model.io.OfficialLayout;
import org.patchdiffusion.model.io.PickleSnapshot;
import org.patchdiffusion.model.io.SafeTensors;
import org.patchdiffusion.model.io.SameDiffFile;
import org.patchdiffusion.model.io.TorchStateDict;

/** Reads models of every format, told apart by the file's ending. */
final class ModelFiles {

    private ModelFiles() {}

    /** The file's ending, in lower case, with its dot; empty if it has none. */
    static String ending(Path file) {
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot).toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a model that carries its configuration.
     *
     * @throws IOException if the file is missing or damaged, or its format is unknown or has no configuration
     */
    static DiffusionModel read(Path file) throws IOException {
        return switch (ending(file)) {
            case ".safetensors" -> ModelFile.read(file);
            case ".fb" -> SameDiffFile.read(file);
            case ".pkl" -> {
                try (PickleSnapshot snapshot = PickleSnapshot.open(file)) {
                    yield snapshot.model();
                }
            }
            case ".pth", ".pt" -> throw new IOException(file
                    + " is a state dict, which has no configuration; run \"pd convert --config MODEL\" with a model file of"
                    + " the same network first");
            default -> throw new IOException(file + " has an unknown ending; expected .safetensors, .pkl or .fb");
        };
    }

    /** Whether a file may hold weights without a configuration. */
    static boolean mayBeBare(Path file) {
        return List.of(".pth", ".pt", ".safetensors").contains(ending(file));
    }

    /**
     * Reads weights into the network of a configuration, whatever configuration the file itself may have.
     *
     * @param choice told which weights were taken, if the file holds more than one set
     * @throws IOException if the file is missing or damaged, or its tensors are not those of the configuration
     */
    static DiffusionModel readBare(Path file, ModelConfig config, Consumer<String> choice) throws IOException {
        if (ending(file).equals(".safetensors")) {
            try (SafeTensors tensors = SafeTensors.open(file)) {
                return DiffusionModel.of(config, OfficialLayout.read(tensors, config));
            }
        }
        try (TorchStateDict state = TorchStateDict.open(file)) {
            state.choice().ifPresent(choice);
            return DiffusionModel.of(config, OfficialLayout.read(state, config));
        }
    }
}
