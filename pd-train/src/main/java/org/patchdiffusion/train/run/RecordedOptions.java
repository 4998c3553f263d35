package org.patchdiffusion.train.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.train.TrainingRun;

/**
 * What a run was made of, {@code training_options.json}: settings, data set, versions, and how it was called. A run that
 * goes on has those that it goes on with, and lists under {@code earlier} how it was called before.
 */
public final class RecordedOptions {

    /** The file in the run directory. */
    public static final String FILE = "training_options.json";

    private static final int FORMAT = 2;
    /** More than any options take: a limit against reading something else into memory. */
    private static final long LARGEST = 1 << 24;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final JsonNode root;

    private RecordedOptions(JsonNode root) {
        this.root = root;
    }

    /** The options of a run that begins, or of one that goes on after {@code earlier}. */
    static RecordedOptions of(TrainingRun run, Invocation invocation, List<RecordedOptions> earlier)
            throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        addAll(root.putArray("command_line"), invocation.commandLine());
        addAll(root.putArray("kept_options"), invocation.keptOptions());
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
        ArrayNode before = root.putArray("earlier");
        for (RecordedOptions options : earlier) {
            options.root.path("earlier").forEach(before::add);
            ObjectNode call = before.addObject();
            call.set("command_line", options.root.path("command_line"));
            call.set("began_at", options.root.path("start_images"));
            call.set("versions", options.root.path("versions"));
        }
        return new RecordedOptions(root);
    }

    private static void addAll(ArrayNode array, List<String> texts) {
        texts.forEach(array::add);
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

    /**
     * Reads the options of a run.
     *
     * @throws IOException if there are none or they are damaged; the message names the file
     */
    public static RecordedOptions read(Path runDirectory) throws IOException {
        Path file = runDirectory.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + " does not exist or is not a file; name a run directory");
        }
        if (Files.size(file) > LARGEST) {
            throw new IOException(file + " is too large for the options of a run");
        }
        try {
            JsonNode root = JSON.readTree(Files.readString(file));
            if (!root.isObject()) {
                throw new IOException(file + " is damaged: it holds no JSON object");
            }
            return new RecordedOptions(root);
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is damaged: it is not text in UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is damaged: it is not JSON", e);
        }
    }

    /** Whether a folder holds some. */
    static boolean isIn(Path runDirectory) {
        return Files.exists(runDirectory.resolve(FILE));
    }

    /** Writes them into a run directory. */
    void write(Path runDirectory) throws IOException {
        String text = root.toPrettyString() + "\n";
        AtomicFile.write(runDirectory.resolve(FILE), out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** The arguments that a run which goes on keeps, {@code --name=value} each; empty if none were recorded. */
    public List<String> keptOptions() {
        return texts(root.path("kept_options"));
    }

    /** The command and its arguments; empty if they were not recorded. */
    public List<String> commandLine() {
        return texts(root.path("command_line"));
    }

    /** Name of the engine that ran; empty if it was not recorded. */
    public String engine() {
        return root.path("versions").path("engine").asText();
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    /** On one line. */
    @Override
    public String toString() {
        return root.toString();
    }
}
