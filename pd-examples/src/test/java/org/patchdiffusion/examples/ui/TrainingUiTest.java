package org.patchdiffusion.examples.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.StepResult;

class TrainingUiTest {
    private static final String BLOCK = "model.enc.8x8_block0.";

    private final HttpClient client = HttpClient.newHttpClient();

    private HttpResponse<String> get(String address) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode json(String address) throws IOException, InterruptedException {
        return new ObjectMapper().readTree(get(address).body());
    }

    private static DiffusionModel model() {
        UNetConfig network = UNetConfig.ddpmpp(8, 1)
                .modelChannels(8)
                .channelMult(List.of(1))
                .numBlocks(1)
                .attnResolutions(List.of())
                .dropout(0)
                .build();
        return DiffusionModel.create(new ModelConfig(network, EdmPreconditioning.standard(), 8, 8), new Random(1));
    }

    private static ImageDataset images() {
        Random random = new Random(2);
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            byte[] image = new byte[64];
            random.nextBytes(image);
            images.add(image);
        }
        return ImageDataset.ofBytes("noise", 1, 8, 8, images, null, List.of());
    }

    /** Takes one step, which the UI shows. */
    private static StepResult train(TrainingUi ui, DiffusionModel model) throws IOException {
        List<StepResult> steps = new ArrayList<>();
        TrainingConfig config = TrainingConfig.builder()
                .batch(2)
                .durationKimg(0.002)
                .realP(1)
                .learningRate(0.01)
                .lrRampupKimg(0)
                .tickKimg(1)
                .snapshotKimg(0)
                .checkpointKimg(0)
                .build();
        try (Engine engine = Engines.byName("generic")) {
            Trainer.fresh(config, model, images())
                    .engine(engine)
                    .listener(ui)
                    .listener(new TrainingListener() {
                        @Override
                        public void stepDone(StepResult step) {
                            steps.add(step);
                        }
                    })
                    .build()
                    .run()
                    .close();
        }
        assertEquals(1, steps.size());
        return steps.get(0);
    }

    @Test
    void thePagesShowLossUpdatesAndSystem() throws IOException, InterruptedException {
        DiffusionModel model = model();
        float[] before = weights(model);
        try (TrainingUi ui = TrainingUi.start(0)) {
            StepResult step = train(ui, model);
            float[] after = weights(model);
            JsonNode overview = json(ui.address() + "/overview/data");
            assertEquals(1, overview.get("scores").size());
            assertEquals(step.lossPerElement(), overview.at("/scores/0").asDouble(), 1e-9);
            assertEquals(1, overview.at("/scoresIter/0").asInt());
            double change = 0;
            double size = 0;
            for (int i = 0; i < after.length; i++) {
                change += Math.abs(after[i] - before[i]);
                size += Math.abs(after[i]);
            }
            double ratio = overview.at("/updateRatios/enc.8x8_block0.W/0").asDouble();
            assertEquals(change / size, ratio, 1e-4 * ratio);
            assertEquals("DiffusionModel", overview.at("/model/0/1").asText());
            long parameters = model.parameters().layout().parameterCount();
            assertEquals(String.valueOf(parameters), overview.at("/model/2/1").asText());
            JsonNode system = json(ui.address() + "/system/data");
            assertTrue(system.toString().contains(System.getProperty("os.name")), system.toString());
            assertTrue(get(ui.address() + "/overview").body().contains("<html"));
            assertTrue(get(ui.address() + "/model").body().contains("knows its own kinds of networks only"));
        }
    }

    /** The weights of one block. */
    private static float[] weights(DiffusionModel model) {
        List<Float> all = new ArrayList<>();
        model.parameters().layout().entries().stream()
                .filter(entry -> entry.name().startsWith(BLOCK) && entry.name().endsWith(".weight"))
                .forEach(entry -> {
                    try (INDArray copy = model.parameters().view(entry.name()).dup()) {
                        for (float value : copy.data().asFloat()) {
                            all.add(value);
                        }
                    }
                });
        float[] values = new float[all.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = all.get(i);
        }
        assertTrue(values.length > 1000, "weights of " + BLOCK);
        return values;
    }

    /** The pages name these, and use nothing of them. */
    private static final Set<String> UNUSED = Set.of(
            "fullcalendar",
            "excanvas",
            "retinajs",
            "uniform",
            "noty",
            "jquery-raty",
            "imagesloaded",
            "masonry",
            "jquery-knob",
            "jquery.sparkline");

    @Test
    void everyScriptAndStyleThatThePagesNameIsThere() throws IOException, InterruptedException {
        try (TrainingUi ui = TrainingUi.start(0)) {
            String root = ui.address().replace("/train", "");
            for (String page : List.of("/overview", "/system")) {
                String body = get(ui.address() + page).body();
                Matcher assets =
                        Pattern.compile("(?:src|href)=\"(/assets/[^\"]+)\"").matcher(body);
                List<String> missing = new ArrayList<>();
                int count = 0;
                while (assets.find()) {
                    count++;
                    String library = assets.group(1).split("/")[3];
                    if (!UNUSED.contains(library) && get(root + assets.group(1)).statusCode() != 200) {
                        missing.add(assets.group(1));
                    }
                }
                assertTrue(count > 10, "assets of " + page);
                assertEquals(List.of(), missing);
            }
        }
    }

    /** Sent as it is, for a client would tidy it up first. */
    private static String rawStatus(int port, String path) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            OutputStream out = socket.getOutputStream();
            out.write(("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            String reply = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return reply.substring(0, reply.indexOf('\r'));
        }
    }

    @Test
    void noPathLeadsToAFile() throws IOException {
        try (TrainingUi ui = TrainingUi.start(0)) {
            int port = URI.create(ui.address()).getPort();
            for (String path : List.of(
                    "/assets/../../../../../../../../etc/passwd",
                    "/assets/webjars/../../../pom.xml",
                    "/assets/%2e%2e/%2e%2e/etc/passwd",
                    "/assets//etc/passwd",
                    "/samediff?file=/etc/passwd",
                    "/train/model/data/0")) {
                assertTrue(rawStatus(port, path).startsWith("HTTP/1.1 404"), path + ": " + rawStatus(port, path));
            }
        }
    }

    @Test
    void aPortThatIsTakenIsNamedAndNoThreadIsLeft() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            IOException e = assertThrows(IOException.class, () -> TrainingUi.start(taken.getLocalPort()));
            assertTrue(
                    e.getMessage().startsWith("the training UI cannot listen to port " + taken.getLocalPort() + ": "),
                    e.getMessage());
            assertTrue(e.getMessage().endsWith("; choose another port"), e.getMessage());
        }
        TrainingUi.start(0).close();
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith("vert.x-eventloop") && thread.isAlive()));
    }
}
