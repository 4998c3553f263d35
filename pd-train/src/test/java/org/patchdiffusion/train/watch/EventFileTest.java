package org.patchdiffusion.train.watch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.eval.PngFiles;
import org.patchdiffusion.train.ScriptedEngine;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;

/** Field numbers are those of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto. */
class EventFileTest {
    @TempDir
    Path folder;

    private List<byte[]> events() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            Path file = files.filter(f -> f.getFileName().toString().startsWith("events."))
                    .toList()
                    .get(0);
            assertTrue(
                    file.getFileName().toString().matches("events\\.out\\.tfevents\\.\\d{10}\\..+"), file.toString());
            return RecordReader.records(Files.readAllBytes(file));
        }
    }

    @Test
    void theChecksumIsThatOfThePublishedExample() {
        // RFC 3720, B.4: the CRC-32C of 32 bytes of zeros is 8a9136aa; rotated by 15 bits, plus a282ead8.
        byte[] record = TfRecord.of(new byte[32]);
        int expected = Integer.rotateRight(0x8a9136aa, 15) + 0xa282ead8;
        assertEquals(48, record.length);
        assertEquals(
                HexFormat.of().toHexDigits(Integer.reverseBytes(expected)),
                HexFormat.of().formatHex(record, 44, 48));
    }

    @Test
    void everyStatisticIsAScalarOverTheImages() throws IOException {
        Map<String, Stat> values = new LinkedHashMap<>();
        values.put("Loss/loss", Stat.of(0.25, 0.75));
        values.put("Validation/sigma/0.3", Stat.of(1.5));
        EventFile file = new EventFile(folder);
        file.write(new TickStats(Instant.ofEpochMilli(1_700_000_000_500L), 12_500, values));
        file.write(new TickStats(Instant.ofEpochMilli(1_700_000_060_000L), 5_000_000_000L, values));
        List<byte[]> events = events();
        assertEquals(3, events.size());
        byte[] first = events.get(0);
        assertEquals(1_700_000_000.5, RecordReader.field(first, 1).asDouble());
        assertEquals("brain.Event:2", new String(RecordReader.field(first, 3).bytes(), UTF_8));
        assertEquals(2, RecordReader.fields(first).size());

        assertEquals(1_700_000_000.5, RecordReader.field(events.get(1), 1).asDouble());
        assertEquals(12_500, RecordReader.field(events.get(1), 2).asVarint());
        List<RecordReader.Field> scalars =
                RecordReader.fields(RecordReader.field(events.get(1), 5).bytes());
        assertEquals(2, scalars.size());
        assertEquals(1, scalars.get(0).number());
        assertEquals(
                "Loss/loss",
                new String(RecordReader.field(scalars.get(0).bytes(), 1).bytes(), UTF_8));
        assertEquals(0.5f, RecordReader.field(scalars.get(0).bytes(), 2).asFloat());
        assertEquals(
                "Validation/sigma/0.3",
                new String(RecordReader.field(scalars.get(1).bytes(), 1).bytes(), UTF_8));
        assertEquals(1.5f, RecordReader.field(scalars.get(1).bytes(), 2).asFloat());
        assertEquals(5_000_000_000L, RecordReader.field(events.get(2), 2).asVarint());
    }

    @Test
    void aRunThatGoesOnStartsANewSession() throws IOException {
        ScriptedEngine engine = new ScriptedEngine(() -> 1);
        TrainingConfig config = TinyRun.config().durationKimg(0.003).build();
        Trainer.fresh(config, TinyRun.model(), TinyRun.data())
                .engine(engine)
                .listener(new EventFile(folder))
                .build()
                .run()
                .close();
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(0, files.count(), "a fresh run has nothing to forget");
        }
        TrainingState state = TrainingState.start(TinyRun.model().parameters());
        state.advance(2_500);
        Checkpoint checkpoint =
                new Checkpoint(config, TinyRun.model().config(), TinyRun.data().fingerprint(), state);
        Trainer.resume(config.toBuilder().durationKimg(2.503).build(), checkpoint, TinyRun.data())
                .engine(engine)
                .listener(new EventFile(folder))
                .build()
                .run()
                .close();
        List<byte[]> events = events();
        assertEquals(2, events.size());
        assertEquals(2_500, RecordReader.field(events.get(1), 2).asVarint());
        // SessionLog, field 7, with status, field 1, of START, 1.
        assertArrayEquals(
                new byte[] {8, 1}, RecordReader.field(events.get(1), 7).bytes());
    }

    @Test
    void sheetsOfSamplesArePictures() throws IOException {
        Path sheet = folder.resolve("samples-000012.png");
        PngFiles.write(sheet, new BufferedImage(70, 300, BufferedImage.TYPE_INT_RGB));
        EventFile file = new EventFile(folder);
        file.snapshot(12_499, TinyRun.model());
        file.snapshot(99_000, TinyRun.model());
        List<byte[]> events = events();
        assertEquals(2, events.size(), "a snapshot without a sheet has no picture");
        assertEquals(12_499, RecordReader.field(events.get(1), 2).asVarint());
        byte[] value = RecordReader.field(RecordReader.field(events.get(1), 5).bytes(), 1)
                .bytes();
        assertEquals("Samples", new String(RecordReader.field(value, 1).bytes(), UTF_8));
        byte[] image = RecordReader.field(value, 4).bytes();
        assertEquals(300, RecordReader.field(image, 1).asVarint());
        assertEquals(70, RecordReader.field(image, 2).asVarint());
        assertEquals(3, RecordReader.field(image, 3).asVarint());
        assertArrayEquals(
                Files.readAllBytes(sheet), RecordReader.field(image, 4).bytes());
    }
}
