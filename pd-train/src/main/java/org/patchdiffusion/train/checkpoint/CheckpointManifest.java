package org.patchdiffusion.train.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.train.config.TrainingConfig;

/**
 * Everything of a checkpoint but its arrays: {@code checkpoint.json}. It holds a checksum of each other file and one of
 * itself; those of the first version hold none.
 *
 * @param training settings of the run
 * @param model configuration of the model
 * @param dataFingerprint fingerprint of the data set
 * @param progress how far training is; the ticks and the time are 0 where they were not recorded
 * @param files checksums of the other files by name; empty if none were recorded
 */
record CheckpointManifest(
        TrainingConfig training,
        ModelConfig model,
        String dataFingerprint,
        TrainingProgress progress,
        Map<String, FileChecksum> files) {

    static final String NAME = "checkpoint.json";

    private static final int FORMAT = 1;
    private static final String OWN_CHECKSUM = "sha256";
    /** More than any configuration takes: a limit against reading something else into memory. */
    private static final long LARGEST = 1 << 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    CheckpointManifest {
        files = Map.copyOf(files);
    }

    String toJson() throws JsonProcessingException {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put("steps", progress.steps());
        root.put("images", progress.images());
        root.put("ticks", progress.ticks());
        root.put("elapsed_sec", progress.elapsedSec());
        root.put("data_fingerprint", dataFingerprint);
        root.set("training", JSON.readTree(training.toJson()));
        root.set("model", JSON.readTree(model.toJson()));
        ObjectNode sums = root.putObject("files");
        files.forEach(
                (name, sum) -> sums.putObject(name).put("bytes", sum.bytes()).put("sha256", sum.sha256()));
        // The text is read again so that both sides sum numbers in the form that reading gives them.
        root.put(
                OWN_CHECKSUM, FileChecksum.ofText(JSON.readTree(root.toString()).toString()));
        return root.toPrettyString() + "\n";
    }

    /**
     * Reads the manifest of a checkpoint.
     *
     * @throws IOException if there is none or it is damaged; the message says what is wrong, but names no folder
     */
    static CheckpointManifest read(Path folder) throws IOException {
        JsonNode read = parse(folder.resolve(NAME));
        if (read.path("format").asInt() != FORMAT) {
            throw new IOException("its format is " + read.path("format") + ", this version reads " + FORMAT);
        }
        if (!(read instanceof ObjectNode root)) {
            throw new IOException(NAME + " holds no settings");
        }
        requireOwnChecksum(root);
        try {
            return new CheckpointManifest(
                    TrainingConfig.fromJson(root.path("training").toString()),
                    ModelConfig.fromJson(root.path("model").toString()),
                    root.path("data_fingerprint").asText(),
                    progress(root),
                    checksums(root.path("files")));
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static JsonNode parse(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(NAME + " is not a file");
        }
        if (Files.size(file) > LARGEST) {
            throw new IOException(NAME + " is too large");
        }
        try {
            JsonNode root = JSON.readTree(Files.readString(file));
            if (root.isMissingNode()) {
                throw new IOException(NAME + " is empty");
            }
            return root;
        } catch (JsonProcessingException | CharacterCodingException e) {
            throw new IOException(NAME + " is not JSON", e);
        }
    }

    private static void requireOwnChecksum(ObjectNode root) throws IOException {
        JsonNode recorded = root.remove(OWN_CHECKSUM);
        if (recorded != null && !recorded.asText().equals(FileChecksum.ofText(root.toString()))) {
            throw new IOException(NAME + " does not match its checksum");
        }
    }

    private static TrainingProgress progress(JsonNode root) throws IOException {
        int ticks = root.path("ticks").asInt(0);
        double elapsedSec = root.path("elapsed_sec").asDouble(0);
        if (ticks < 0 || !(elapsedSec >= 0 && Double.isFinite(elapsedSec))) {
            throw new IOException(NAME + " gives ticks or an elapsed time that no run has");
        }
        return new TrainingProgress(counter(root, "steps"), counter(root, "images"), ticks, elapsedSec);
    }

    private static long counter(JsonNode root, String name) throws IOException {
        JsonNode value = root.path(name);
        if (value.isMissingNode()) {
            throw new IOException(NAME + " lacks the number of " + name);
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.asLong() < 0) {
            throw new IOException(NAME + " gives a number of " + name + " that no run reaches");
        }
        return value.asLong();
    }

    private static Map<String, FileChecksum> checksums(JsonNode files) {
        Map<String, FileChecksum> sums = new LinkedHashMap<>();
        files.fields().forEachRemaining(file -> {
            JsonNode sum = file.getValue();
            sums.put(
                    file.getKey(),
                    new FileChecksum(
                            sum.path("bytes").asLong(-1), sum.path("sha256").asText()));
        });
        return sums;
    }
}
