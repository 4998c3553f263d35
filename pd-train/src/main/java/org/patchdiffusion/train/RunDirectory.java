package org.patchdiffusion.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.files.AtomicFolder;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.io.ModelFile;

/**
 * The folder of one training run: {@code training_options.json} (settings, data set, versions), {@code log.txt},
 * {@code stats.jsonl} (a line a tick), {@code model-<kimg>.safetensors} and the last two {@code checkpoint-<kimg>/}.
 */
public final class RunDirectory implements TrainingListener {

    /** How many checkpoints stay: the newest, and one in case that is lost. */
    private static final int KEPT_CHECKPOINTS = 2;

    private static final Pattern NUMBERED = Pattern.compile("(\\d{5})(-.*)?");
    private static final Pattern CHECKPOINT = Pattern.compile("checkpoint-(\\d+)");
    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    private final Path path;
    private JsonNode options;

    private RunDirectory(Path path) {
        this.path = path;
    }

    /**
     * Makes the next numbered folder, {@code 00000-<data>-<cond>-<arch>-<precond>-batch<N>}.
     *
     * @param parent folder of all runs; made if it is not there
     * @param dataName name of the data set
     * @throws IOException if a folder cannot be made or written to; the message names it
     */
    public static RunDirectory create(Path parent, String dataName, ModelConfig model, int batch) throws IOException {
        String description = String.join(
                "-",
                dataName.replaceAll("[^A-Za-z0-9_.]+", "_"),
                model.network().labelDim() > 0 ? "cond" : "uncond",
                architecture(model.network()),
                model.preconditioning().name(),
                "batch" + batch);
        try {
            Files.createDirectories(parent);
            RunDirectory run = new RunDirectory(createNumbered(parent, description));
            run.log("created " + run.path);
            return run;
        } catch (FileSystemException e) {
            throw new IOException(
                    "cannot make a run directory in " + parent + ": " + reason(e) + "; choose another output folder",
                    e);
        }
    }

    private static Path createNumbered(Path parent, String description) throws IOException {
        int next = 0;
        try (Stream<Path> files = Files.list(parent)) {
            for (Path file : files.toList()) {
                Matcher name = NUMBERED.matcher(file.getFileName().toString());
                next = name.matches() ? Math.max(next, Integer.parseInt(name.group(1)) + 1) : next;
            }
        }
        while (true) {
            try {
                return Files.createDirectory(parent.resolve(String.format(Locale.ROOT, "%05d-%s", next, description)));
            } catch (FileAlreadyExistsException e) {
                next++;
            }
        }
    }

    private static String architecture(UNetConfig network) {
        if (network.architecture() == UNetConfig.Architecture.DHARIWAL) {
            return "adm";
        }
        return network.embedding() == UNetConfig.Embedding.FOURIER ? "ncsnpp" : "ddpmpp";
    }

    private static String reason(FileSystemException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return e.getFile() + " is a file";
        }
        return e.getReason() == null ? e.getMessage() : e.getReason();
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    @Override
    public void started(TrainingRun run) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.set("training", JSON.readTree(run.training().toJson()));
        root.set("model", JSON.readTree(run.model().toJson()));
        root.put("parameters", run.parameters());
        root.put("patch_sizes", run.patchSizes().toString());
        ObjectNode data = root.putObject("data");
        data.put("name", run.dataName()).put("images", run.dataSize()).put("fingerprint", run.dataFingerprint());
        root.put("start_images", run.startImages());
        ObjectNode versions = root.putObject("versions");
        versions.put("engine", run.engine());
        versions.put("nd4j", nd4jVersion());
        versions.put("backend", Nd4j.getBackend().getClass().getSimpleName());
        versions.put("java", Runtime.version().toString());
        versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        options = root;
        writeText("training_options.json", root.toPrettyString() + "\n");
        log("training " + run.parameters() + " parameters on " + run.dataSize() + " images of " + run.dataName()
                + " with the engine " + run.engine()
                + (run.startImages() > 0 ? ", going on at " + run.startImages() + " images" : ""));
    }

    private static String nd4jVersion() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Nd4j.class.getResourceAsStream("/META-INF/maven/org.nd4j/nd4j-api/pom.properties")) {
            if (in != null) {
                properties.load(in);
            }
        }
        return properties.getProperty("version", "unknown");
    }

    @Override
    public void tick(TrainingTick tick) throws IOException {
        append("stats.jsonl", JSON.writeValueAsString(tick));
        log(String.format(
                Locale.ROOT,
                "tick %d  kimg %.1f  loss %.4f  lr %.3g  %.1f s/kimg  %.1f images/s  heap %d MiB  resident %d MiB",
                tick.tick(),
                tick.kimg(),
                tick.loss(),
                tick.learningRate(),
                tick.secPerKimg(),
                tick.imagesPerSec(),
                tick.heapMb(),
                tick.residentMb()));
    }

    @Override
    public void snapshot(long images, DiffusionModel model) throws IOException {
        Path file = path.resolve("model-" + kimg(images) + ".safetensors");
        Map<String, String> provenance = new TreeMap<>();
        provenance.put("images", Long.toString(images));
        if (options != null) {
            provenance.put("training_options", options.toString());
        }
        ModelFile.write(file, model.config(), model.parameters(), provenance);
        log("wrote " + file.getFileName());
    }

    @Override
    public void checkpoint(Checkpoint checkpoint) throws IOException {
        Path folder = path.resolve("checkpoint-" + kimg(checkpoint.state().images()));
        checkpoint.write(folder);
        log("wrote " + folder.getFileName());
        List<Path> all = checkpoints(path);
        for (Path old : all.subList(0, Math.max(0, all.size() - KEPT_CHECKPOINTS))) {
            AtomicFolder.delete(old);
        }
    }

    /**
     * The checkpoints in a run directory, the oldest first. What killed processes left half done in it is put in order
     * first, see {@link AtomicFolder#recover}.
     *
     * @throws IOException if the folder cannot be read
     */
    public static List<Path> checkpoints(Path runDirectory) throws IOException {
        AtomicFolder.recover(runDirectory);
        Map<Long, Path> byKimg = new TreeMap<>();
        try (Stream<Path> files = Files.list(runDirectory)) {
            for (Path file : files.toList()) {
                Matcher name = CHECKPOINT.matcher(file.getFileName().toString());
                if (name.matches()) {
                    byKimg.put(Long.parseLong(name.group(1)), file);
                }
            }
        }
        return List.copyOf(byKimg.values());
    }

    @Override
    public void warning(String message) throws IOException {
        log("warning: " + message);
    }

    @Override
    public void finished(StopReason reason) throws IOException {
        log("finished: " + reason.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void failed(Exception cause) throws IOException {
        log("failed: " + cause);
    }

    /** Count of images in a file name: thousands, six digits. */
    public static String kimg(long images) {
        return String.format(Locale.ROOT, "%06d", images / 1000);
    }

    /**
     * Adds a line with the time to {@code log.txt}.
     *
     * @throws IOException if it cannot be written
     */
    public void log(String message) throws IOException {
        append("log.txt", LocalDateTime.now().truncatedTo(ChronoUnit.SECONDS) + "  " + message);
    }

    private void append(String file, String line) throws IOException {
        Files.writeString(
                path.resolve(file),
                line + "\n",
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    private void writeText(String file, String text) throws IOException {
        AtomicFile.write(path.resolve(file), out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }
}
