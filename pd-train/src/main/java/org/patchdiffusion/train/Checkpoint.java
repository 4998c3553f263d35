package org.patchdiffusion.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.files.AtomicFolder;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.io.Npz;

/**
 * All that is needed to go on with a training run, bit for bit, as a folder: {@code checkpoint.json} with counters and
 * configuration, {@code state.npz} with the flat buffers.
 *
 * @param training settings of the run
 * @param model configuration of the model
 * @param dataFingerprint fingerprint of the data set it was trained on
 * @param state weights, average, moments and counters
 */
public record Checkpoint(TrainingConfig training, ModelConfig model, String dataFingerprint, TrainingState state) {

    private static final int FORMAT = 1;
    private static final String MANIFEST = "checkpoint.json";
    private static final String ARRAYS = "state.npz";
    /** More than any configuration takes: a limit against reading something else into memory. */
    private static final long LARGEST_MANIFEST = 1 << 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Writes the checkpoint under a temporary name beside the folder and renames it when all of it is on the disk.
     * A checkpoint that is there already is replaced.
     *
     * @throws IOException if it cannot be written; the message names the folder
     */
    public void write(Path folder) throws IOException {
        AtomicFolder.write(folder, temporary -> {
            Npz.write(temporary.resolve(ARRAYS), arrays());
            AtomicFile.write(
                    temporary.resolve(MANIFEST), out -> out.write(manifest().getBytes(StandardCharsets.UTF_8)));
        });
    }

    private Map<String, INDArray> arrays() {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        arrays.put("parameters", state.parameters().flat());
        arrays.put("ema", state.ema().flat());
        arrays.put("adam_m", state.firstMoment().flat());
        arrays.put("adam_v", state.secondMoment().flat());
        return arrays;
    }

    private String manifest() throws JsonProcessingException {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put("steps", state.steps());
        root.put("images", state.images());
        root.put("data_fingerprint", dataFingerprint);
        root.set("training", JSON.readTree(training.toJson()));
        root.set("model", JSON.readTree(model.toJson()));
        return root.toPrettyString();
    }

    /**
     * Reads a checkpoint.
     *
     * @throws IOException if the folder is not a whole checkpoint; the message names it and says what is wrong
     */
    public static Checkpoint read(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            AtomicFolder.recover(folder.toAbsolutePath().getParent());
        }
        JsonNode manifest = readManifest(folder);
        try {
            if (manifest.path("format").asInt() != FORMAT) {
                throw new IOException("its format is " + manifest.path("format") + ", this version reads " + FORMAT);
            }
            ModelConfig model = ModelConfig.fromJson(manifest.path("model").toString());
            TrainingConfig training =
                    TrainingConfig.fromJson(manifest.path("training").toString());
            TrainingState state = readState(
                    folder.resolve(ARRAYS),
                    DiffusionModel.layout(model),
                    counter(manifest, "steps"),
                    counter(manifest, "images"));
            return new Checkpoint(
                    training, model, manifest.path("data_fingerprint").asText(), state);
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(folder, e.getMessage(), e);
        }
    }

    private static JsonNode readManifest(Path folder) throws IOException {
        Path file = folder.resolve(MANIFEST);
        try {
            if (Files.size(file) > LARGEST_MANIFEST) {
                throw damaged(folder, MANIFEST + " is too large", null);
            }
            return JSON.readTree(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new IOException(
                    folder + " is not a checkpoint: it holds no " + MANIFEST
                            + "; name a checkpoint-<kimg> folder of a run directory",
                    e);
        } catch (JsonProcessingException | java.nio.charset.CharacterCodingException e) {
            throw damaged(folder, MANIFEST + " is not JSON", e);
        }
    }

    private static long counter(JsonNode manifest, String name) throws IOException {
        JsonNode value = manifest.path(name);
        if (!value.isIntegralNumber() || value.asLong() < 0) {
            throw new IOException(MANIFEST + " lacks the number of " + name);
        }
        return value.asLong();
    }

    private static TrainingState readState(Path file, ParameterLayout layout, long steps, long images)
            throws IOException {
        Map<String, INDArray> arrays = Npz.read(file);
        try {
            return new TrainingState(
                    buffer(arrays, "parameters", layout),
                    buffer(arrays, "ema", layout),
                    buffer(arrays, "adam_m", layout),
                    buffer(arrays, "adam_v", layout),
                    steps,
                    images);
        } catch (IOException e) {
            arrays.values().forEach(INDArray::close);
            throw e;
        }
    }

    private static Parameters buffer(Map<String, INDArray> arrays, String name, ParameterLayout layout)
            throws IOException {
        INDArray array = arrays.get(name);
        if (array == null
                || array.rank() != 1
                || array.length() != layout.length()
                || array.dataType() != DataType.FLOAT) {
            throw new IOException(ARRAYS + " lacks the array " + name + " of " + layout.length() + " float32 values");
        }
        return new Parameters(layout, array);
    }

    private static IOException damaged(Path folder, String reason, Exception cause) {
        return new IOException(
                "the checkpoint " + folder + " is damaged: " + reason + "; resume from another one", cause);
    }
}
