package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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

    private static final Pattern MODEL = Pattern.compile("model-(\\d{1,18})\\.safetensors");

    private ModelFiles() {}

    /** The file's ending, in lower case, with its dot; empty if it has none. */
    static String ending(Path file) {
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot).toLowerCase(Locale.ROOT);
    }

    /**
     * The newest model of a run directory; of anything else, that itself.
     *
     * @throws IOException if it is a folder without models
     */
    static Path newest(Path place) throws IOException {
        if (!Files.isDirectory(place)) {
            return place;
        }
        try (Stream<Path> files = Files.list(place)) {
            return files.filter(file -> images(file) >= 0)
                    .max(Comparator.comparingLong(ModelFiles::images))
                    .orElseThrow(() -> new IOException(
                            place + " holds no model-NUMBER.safetensors; give a model file or a run directory"));
        }
    }

    /** The number in the name of a model of a run; -1 if the name is another. */
    private static long images(Path file) {
        Matcher name = MODEL.matcher(file.getFileName().toString());
        return name.matches() ? Long.parseLong(name.group(1)) : -1;
    }

    /**
     * Reads a model that carries its configuration, or the newest one of a run directory.
     *
     * @throws IOException if the file is missing or damaged, or its format is unknown or has no configuration
     */
    static DiffusionModel read(Path place) throws IOException {
        Path file = newest(place);
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
     * Whether a file carries its configuration; if not, it needs that of another one.
     *
     * @throws IOException if it is missing or damaged
     */
    static boolean hasConfig(Path file) throws IOException {
        return switch (ending(file)) {
            case ".pth", ".pt" -> false;
            case ".safetensors" -> ModelFile.hasConfig(file);
            default -> true;
        };
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
