package org.patchdiffusion.train.watch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Locale;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.CodedOutputStream;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingRun;
import org.patchdiffusion.train.run.ArtifactNames;
import org.tensorflow.framework.Summary;

/**
 * Writes an event file for TensorBoard: a scalar for each statistic of a tick, and the sheets of samples as pictures, over
 * the count of images. Show them with {@code tensorboard --logdir FOLDER_OF_RUNS}.
 *
 * <p>Add it to the trainer after whatever draws the sheets.
 */
public final class EventFile implements TrainingListener, StatsSink {

    // Fields of the message Event (tensorflow/core/util/event.proto), which ND4J's classes of TensorFlow's messages
    // lack.
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int SESSION_LOG = 7;

    /** The message SessionLog with its field 1, status, START. */
    private static final byte[] SESSION_START = {1 << 3, 1};

    private static final String VERSION = "brain.Event:2";
    private static final double MILLIS = 1000;

    // Where a PNG file says how large it is (ISO/IEC 15948, 11.2.2).
    private static final int PNG_WIDTH = 16;
    private static final int PNG_HEIGHT = 20;
    private static final int RGB = 3;

    private final Path folder;
    private Path file;

    /**
     * Writes into a folder.
     *
     * @param folder the run directory
     */
    public EventFile(Path folder) {
        this.folder = folder;
    }

    /** Has TensorBoard forget the steps that a run that goes on takes again. */
    @Override
    public void started(TrainingRun run) throws IOException {
        if (run.startImages() > 0) {
            append(Instant.now(), run.startImages(), event -> event.writeByteArray(SESSION_LOG, SESSION_START));
        }
    }

    @Override
    public void write(TickStats stats) throws IOException {
        Summary.Builder summary = Summary.newBuilder();
        stats.values()
                .forEach((name, stat) ->
                        summary.addValue(Summary.Value.newBuilder().setTag(name).setSimpleValue((float) stat.mean())));
        append(stats.time(), stats.images(), event -> event.writeMessage(SUMMARY, summary.build()));
    }

    @Override
    public void snapshot(long images, DiffusionModel model) throws IOException {
        Path sheet = folder.resolve("samples-" + ArtifactNames.snapshot(folder, images) + ".png");
        if (!Files.exists(sheet)) {
            return;
        }
        byte[] png = Files.readAllBytes(sheet);
        ByteBuffer header = ByteBuffer.wrap(png);
        Summary.Image image = Summary.Image.newBuilder()
                .setWidth(header.getInt(PNG_WIDTH))
                .setHeight(header.getInt(PNG_HEIGHT))
                .setColorspace(RGB)
                .setEncodedImageString(ByteString.copyFrom(png))
                .build();
        Summary.Value value =
                Summary.Value.newBuilder().setTag("Samples").setImage(image).build();
        Summary summary = Summary.newBuilder().addValue(value).build();
        append(Instant.now(), images, event -> event.writeMessage(SUMMARY, summary));
    }

    private void append(Instant time, long images, Fields content) throws IOException {
        if (file == null) {
            file = folder.resolve(
                    String.format(Locale.ROOT, "events.out.tfevents.%010d.%s", time.getEpochSecond(), host()));
            add(time, event -> event.writeString(FILE_VERSION, VERSION));
        }
        add(time, event -> {
            event.writeInt64(STEP, images);
            content.write(event);
        });
    }

    @FunctionalInterface
    private interface Fields {
        void write(CodedOutputStream event) throws IOException;
    }

    /** A record is written at once, so that a killed run leaves at most its last one incomplete, which TensorBoard skips. */
    private void add(Instant time, Fields fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream event = CodedOutputStream.newInstance(bytes);
        event.writeDouble(WALL_TIME, time.toEpochMilli() / MILLIS);
        fields.write(event);
        event.flush();
        try {
            Files.write(file, TfRecord.of(bytes.toByteArray()), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IOException("cannot write to " + file + ": " + e, e);
        }
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
