package org.patchdiffusion.model.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.Parameters;

/**
 * The model file: a safetensors file with the official state dict of the weights, the whole configuration as JSON under
 * the metadata key {@code config}, and where the model comes from under further keys.
 */
public final class ModelFile {
    private static final String CONFIG = "config";

    /**
     * What a model file says of itself.
     *
     * @param config the whole configuration
     * @param provenance where the model comes from: settings, seed, data set, versions, as its writer chose to note
     */
    public record Info(ModelConfig config, Map<String, String> provenance) {
        public Info {
            provenance = Map.copyOf(provenance);
        }
    }

    private ModelFile() {}

    /**
     * Writes a model, atomically. The same model and provenance give the same bytes.
     *
     * @param provenance where the model comes from; no key may be {@code config}
     * @throws IOException if the file cannot be written
     */
    public static void write(Path file, ModelConfig config, Parameters parameters, Map<String, String> provenance)
            throws IOException {
        if (provenance.containsKey(CONFIG)) {
            throw new IllegalArgumentException("the provenance of a model must not have the key " + CONFIG);
        }
        if (!parameters.layout().equals(DiffusionModel.layout(config))) {
            throw new IllegalArgumentException(
                    "cannot write " + file + ": the parameters are not of the configuration");
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(CONFIG, config.toJson());
        metadata.putAll(provenance);
        SafeTensors.write(file, OfficialLayout.tensors(config, parameters), metadata);
    }

    /**
     * Reads a model.
     *
     * @throws IOException if the file is missing or damaged, has no configuration, its tensors are not those of the
     *     configuration, or a weight is not finite; the message names the file and all that differs
     */
    public static DiffusionModel read(Path file) throws IOException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            ModelConfig config = info(tensors).config();
            return DiffusionModel.of(config, OfficialLayout.read(tensors, config));
        }
    }

    /**
     * Reads what a model file says of itself, without the weights.
     *
     * @throws IOException if the file is missing or damaged or has no configuration
     */
    public static Info info(Path file) throws IOException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return info(tensors);
        }
    }

    /**
     * Whether a safetensors file is one of ours, with a configuration, and not tensors alone.
     *
     * @throws IOException if the file is missing or damaged
     */
    public static boolean hasConfig(Path file) throws IOException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return tensors.metadata().containsKey(CONFIG);
        }
    }

    private static Info info(SafeTensors tensors) throws IOException {
        Map<String, String> provenance = new LinkedHashMap<>(tensors.metadata());
        String json = provenance.remove(CONFIG);
        if (json == null) {
            throw new IOException(tensors.file() + " is a safetensors file, but no model of this toolkit: its metadata"
                    + " has no configuration under the key " + CONFIG + " (pd convert --config brings such files in)");
        }
        try {
            return new Info(ModelConfig.fromJson(json), provenance);
        } catch (IllegalArgumentException e) {
            throw new IOException(tensors.file() + ": " + e.getMessage(), e);
        }
    }
}
