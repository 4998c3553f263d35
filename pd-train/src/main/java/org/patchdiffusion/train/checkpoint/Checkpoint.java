package org.patchdiffusion.train.checkpoint;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
import org.patchdiffusion.train.config.TrainingConfig;

/**
 * All that is needed to go on with a training run, bit for bit, as a folder: {@code checkpoint.json} with counters,
 * configuration and checksums, {@code state.npz} with the flat buffers.
 *
 * @param training settings of the run
 * @param model configuration of the model
 * @param dataFingerprint fingerprint of the data set it was trained on
 * @param state weights, average, moments and counters
 */
public record Checkpoint(TrainingConfig training, ModelConfig model, String dataFingerprint, TrainingState state) {

    /** The end of the sentence about a damaged one, for whoever asked for that one. */
    public static final String ADVICE = "; resume from another one";

    private static final String ARRAYS = "state.npz";

    /**
     * Writes the checkpoint under a temporary name beside the folder and renames it when all of it is on the disk.
     * A checkpoint that is there already is replaced; {@code CheckpointFolders} gives each a name of its own instead.
     *
     * @throws IOException if it cannot be written; the message names the folder
     */
    public void write(Path folder) throws IOException {
        AtomicFolder.write(folder, temporary -> {
            FileChecksum arrays = FileChecksum.write(temporary.resolve(ARRAYS), out -> Npz.write(out, arrays()));
            String manifest = manifest(Map.of(ARRAYS, arrays)).toJson();
            AtomicFile.write(
                    temporary.resolve(CheckpointManifest.NAME),
                    out -> out.write(manifest.getBytes(StandardCharsets.UTF_8)));
        });
    }

    private CheckpointManifest manifest(Map<String, FileChecksum> files) {
        return new CheckpointManifest(training, model, dataFingerprint, state.progress(), files);
    }

    private Map<String, INDArray> arrays() {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        arrays.put("parameters", state.parameters().flat());
        arrays.put("ema", state.ema().flat());
        arrays.put("adam_m", state.firstMoment().flat());
        arrays.put("adam_v", state.secondMoment().flat());
        return arrays;
    }

    /**
     * Reads a checkpoint, after every file of it was found to match its checksum. One that was written before there
     * were checksums is read all the same.
     *
     * @throws IOException if the folder is not a whole checkpoint; the message names it and says what is wrong
     */
    public static Checkpoint read(Path folder) throws IOException {
        CheckpointManifest manifest = verifiedManifest(folder);
        try {
            TrainingState state = readState(folder.resolve(ARRAYS), manifest);
            return new Checkpoint(manifest.training(), manifest.model(), manifest.dataFingerprint(), state);
        } catch (IOException e) {
            throw damaged(folder, e);
        }
    }

    /**
     * Reads a checkpoint from the disk to see whether it is as it was written, and keeps nothing of it.
     *
     * @return the images that it counts
     * @throws IOException if it is damaged; the message names the folder and says what is wrong
     */
    public static long verify(Path folder) throws IOException {
        CheckpointManifest manifest = verifiedManifest(folder);
        if (manifest.files().isEmpty()) {
            // The archive has checksums of its own, which reading compares.
            read(folder).free();
        }
        return manifest.progress().images();
    }

    private static CheckpointManifest verifiedManifest(Path folder) throws IOException {
        if (!Files.exists(folder.resolve(CheckpointManifest.NAME))) {
            throw new IOException(folder + " is not a checkpoint: it holds no " + CheckpointManifest.NAME
                    + "; name a checkpoint-<kimg> folder of a run directory");
        }
        try {
            CheckpointManifest manifest = CheckpointManifest.read(folder);
            for (Map.Entry<String, FileChecksum> file : manifest.files().entrySet()) {
                if (!file.getKey().equals(ARRAYS)) {
                    throw new IOException(CheckpointManifest.NAME + " names a file that no checkpoint has");
                }
                file.getValue().verify(folder.resolve(ARRAYS));
            }
            return manifest;
        } catch (IOException e) {
            throw damaged(folder, e);
        }
    }

    private static TrainingState readState(Path file, CheckpointManifest manifest) throws IOException {
        ParameterLayout layout = DiffusionModel.layout(manifest.model());
        Map<String, INDArray> arrays = Npz.read(file);
        try {
            return new TrainingState(
                    buffer(arrays, "parameters", layout),
                    buffer(arrays, "ema", layout),
                    buffer(arrays, "adam_m", layout),
                    buffer(arrays, "adam_v", layout),
                    manifest.progress());
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

    /** Frees all arrays, the weights too. */
    private void free() {
        state.close();
        state.ema().flat().close();
    }

    private static IOException damaged(Path folder, IOException cause) {
        return new IOException("the checkpoint " + folder + " is damaged: " + cause.getMessage() + ADVICE, cause);
    }
}
