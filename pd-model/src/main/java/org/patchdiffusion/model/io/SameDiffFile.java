package org.patchdiffusion.model.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Graph;

/**
 * Exports D(x; sigma, pos, labels) as an ordinary SameDiff {@code .fb} file with the weights inside, for one batch and
 * image size. Any project that has ND4J loads it with {@link SameDiff#load} and runs
 * {@code sd.output(Map.of("x", x, "sigma", sigma, "pos", pos), "D")}; no class of this toolkit is needed.
 *
 * <p>The configuration travels along as a constant of UTF-8 bytes, so that {@link #read} can make a model of it again.
 */
public final class SameDiffFile {
    private static final String CONFIG = "patch_diffusion_config";

    private SameDiffFile() {}

    /**
     * Writes the denoiser, atomically.
     *
     * @param batch number of images of a run
     * @param height height of the images, in pixels
     * @param width width of the images, in pixels
     * @throws IllegalArgumentException if the network cannot take images of that size
     * @throws IOException if the file cannot be written
     */
    public static void write(Path file, DiffusionModel model, int batch, int height, int width) throws IOException {
        Graph graph = model.denoiserGraph(batch, height, width);
        byte[] json = model.config().toJson().getBytes(StandardCharsets.UTF_8);
        graph.sameDiff().constant(CONFIG, Nd4j.createFromArray(json));
        graph.sameDiff().setOutputs(graph.outputs());
        AtomicFile.create(file, temporary -> save(graph.sameDiff(), temporary));
    }

    private static void save(SameDiff graph, Path file) throws IOException {
        try {
            graph.save(file.toFile(), false);
        } catch (RuntimeException e) {
            // ND4J hides what the system says, a full disk for example.
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof IOException io) {
                    throw io;
                }
            }
            throw e;
        }
    }

    /**
     * Makes a model of an exported file. ND4J parses the file in native code without limits: do not load files from
     * strangers.
     *
     * @throws IOException if the file is missing, is no SameDiff file, or was not exported by this toolkit
     */
    public static DiffusionModel read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file + " does not exist or is not a file");
        }
        SameDiff graph;
        try {
            graph = SameDiff.load(file.toFile(), false);
        } catch (RuntimeException e) {
            throw new IOException(file + " is not a valid SameDiff file", e);
        }
        try {
            ModelConfig config = config(file, graph);
            return DiffusionModel.of(config, parameters(file, graph, config));
        } finally {
            close(graph);
        }
    }

    private static Parameters parameters(Path file, SameDiff graph, ModelConfig config) throws IOException {
        ParameterLayout layout = DiffusionModel.layout(config);
        for (ParameterLayout.Entry entry : layout.entries()) {
            INDArray value = graph.hasVariable(entry.name()) ? graph.getArrForVarName(entry.name()) : null;
            if (value == null || !Arrays.equals(value.shape(), entry.shape()) || value.dataType() != DataType.FLOAT) {
                throw new IOException(file + " lacks the tensor " + entry.name() + " in the shape "
                        + entry.storedShape() + " of its configuration");
            }
        }
        Parameters parameters = Parameters.zeros(layout);
        for (ParameterLayout.Entry entry : layout.entries()) {
            parameters.view(entry.name()).assign(graph.getArrForVarName(entry.name()));
        }
        return parameters;
    }

    /** Frees the arrays that loading made; SameDiff leaves them to the garbage collector, which does not see their size. */
    private static void close(SameDiff graph) {
        for (SDVariable variable : graph.variables()) {
            boolean stored = variable.getVariableType() == VariableType.VARIABLE
                    || variable.getVariableType() == VariableType.CONSTANT;
            INDArray array = stored ? variable.getArr() : null;
            if (array != null && array.closeable()) {
                array.close();
            }
        }
    }

    private static ModelConfig config(Path file, SameDiff graph) throws IOException {
        if (!graph.hasVariable(CONFIG)) {
            throw new IOException(
                    file + " is a SameDiff file, but was not exported by this toolkit: it has no constant " + CONFIG);
        }
        INDArray bytes = graph.getArrForVarName(CONFIG);
        byte[] json = new byte[(int) bytes.length()];
        for (int i = 0; i < json.length; i++) {
            json[i] = (byte) bytes.getInt(i);
        }
        try {
            return ModelConfig.fromJson(new String(json, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }
}
