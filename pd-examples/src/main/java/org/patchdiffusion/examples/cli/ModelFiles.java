package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.io.ModelFile;
import org.patchdiffusion.model.io.OfficialLayout;
import org.patchdiffusion.model.io.PickleSnapshot;
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

    /**
     * Reads a PyTorch state dict into the network of a configuration.
     *
     * @throws IOException if the file is missing or damaged, or its tensors are not those of the configuration
     */
    static DiffusionModel readStateDict(Path file, ModelConfig config) throws IOException {
        try (TorchStateDict state = TorchStateDict.open(file)) {
            return DiffusionModel.of(config, OfficialLayout.read(state, config));
        }
    }
}
