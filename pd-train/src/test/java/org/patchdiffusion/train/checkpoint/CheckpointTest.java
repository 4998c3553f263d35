package org.patchdiffusion.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.files.AtomicFolder;
import org.patchdiffusion.train.TinyRun;

class CheckpointTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path parent;

    private Path folder;
    private TrainingState state;

    @BeforeEach
    void writeOne() throws IOException {
        folder = parent.resolve("checkpoint-000012");
        state = TrainingState.start(TinyRun.model().parameters());
        state.advance(12_345);
        state.firstMoment().flat().addi(0.25);
        state.secondMoment().flat().addi(0.5);
        state.ema().flat().addi(1);
        checkpoint().write(folder);
    }

    private Checkpoint checkpoint() {
        return new Checkpoint(TinyRun.config().build(), TinyRun.model().config(), "fingerprint 0", state);
    }

    private String failure() {
        return assertThrows(IOException.class, () -> Checkpoint.read(folder)).getMessage();
    }

    private void assertDamaged(String reason) {
        String message = failure();
        assertTrue(message.startsWith("the checkpoint " + folder + " is damaged: "), message);
        assertTrue(message.contains(reason), message);
        assertTrue(message.endsWith("; resume from another one"), message);
    }

    @Test
    void readsWhatItWrote() throws IOException {
        Checkpoint read = Checkpoint.read(folder);
        assertEquals(checkpoint().training(), read.training());
        assertEquals(checkpoint().model(), read.model());
        assertEquals("fingerprint 0", read.dataFingerprint());
        assertEquals(1, read.state().steps());
        assertEquals(12_345, read.state().images());
        assertArrayEquals(
                state.parameters().flat().toFloatVector(),
                read.state().parameters().flat().toFloatVector());
        assertArrayEquals(
                state.ema().flat().toFloatVector(), read.state().ema().flat().toFloatVector());
        assertArrayEquals(
                state.firstMoment().flat().toFloatVector(),
                read.state().firstMoment().flat().toFloatVector());
        assertArrayEquals(
                state.secondMoment().flat().toFloatVector(),
                read.state().secondMoment().flat().toFloatVector());
    }

    @Test
    void replacesAnOlderOneAndLeavesNothingBehind() throws IOException {
        state.advance(1);
        checkpoint().write(folder);
        assertEquals(2, Checkpoint.read(folder).state().steps());
        try (Stream<Path> files = Files.list(parent)) {
            assertEquals(List.of(folder), files.toList());
        }
    }

    @Test
    void aFailedWriteLeavesTheOldOneWhole() throws IOException {
        assertThrows(
                IOException.class,
                () -> AtomicFolder.write(folder, temporary -> {
                    Files.writeString(temporary.resolve("state.npz"), "half");
                    throw new IOException("disk full");
                }));
        assertEquals(1, Checkpoint.read(folder).state().steps());
        try (Stream<Path> files = Files.list(parent)) {
            assertEquals(List.of(folder), files.toList());
        }
    }

    @Test
    void aMissingOneIsNamed() {
        folder = parent.resolve("nowhere");
        assertEquals(
                folder + " is not a checkpoint: it holds no checkpoint.json; name a checkpoint-<kimg> folder of a run"
                        + " directory",
                failure());
    }

    @Test
    void arraysCutShortAreReported() throws IOException {
        Path arrays = folder.resolve("state.npz");
        byte[] bytes = Files.readAllBytes(arrays);
        Files.write(arrays, java.util.Arrays.copyOf(bytes, bytes.length / 2));
        assertDamaged("state.npz");
    }

    @Test
    void aChangedByteIsReported() throws IOException {
        Path arrays = folder.resolve("state.npz");
        byte[] bytes = Files.readAllBytes(arrays);
        bytes[bytes.length / 2] ^= 1;
        Files.write(arrays, bytes);
        assertDamaged("state.npz");
    }

    /** Removes the checksums: what the first version wrote. */
    private void makeOld() throws IOException {
        Path manifest = folder.resolve("checkpoint.json");
        ObjectNode root = (ObjectNode) JSON.readTree(Files.readString(manifest));
        root.remove(List.of("files", "sha256"));
        Files.writeString(manifest, root.toPrettyString());
    }

    @Test
    void oneWithoutChecksumsIsRead() throws IOException {
        makeOld();
        assertEquals(12_345, Checkpoint.read(folder).state().images());
        assertEquals(12_345, Checkpoint.verify(folder));
        aChangedByteIsReported();
        assertThrows(IOException.class, () -> Checkpoint.verify(folder));
    }

    @Test
    void theManifestHoldsTheSha256OfTheArrays() throws Exception {
        JsonNode sum = JSON.readTree(Files.readString(folder.resolve("checkpoint.json")))
                .at("/files/state.npz");
        byte[] arrays = Files.readAllBytes(folder.resolve("state.npz"));
        assertEquals(arrays.length, sum.get("bytes").asLong());
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(arrays);
        assertEquals(HexFormat.of().formatHex(digest), sum.get("sha256").asText());
    }

    @Test
    void aChangeThatIsStillAManifestIsReported() throws IOException {
        Path manifest = folder.resolve("checkpoint.json");
        String text = Files.readString(manifest);
        for (String[] change : new String[][] {{"\"images\" : 12345", "\"images\" : 12344"}, {"0.009", "0.008"}}) {
            assertTrue(text.contains(change[0]), text);
            Files.writeString(manifest, text.replace(change[0], change[1]));
            assertDamaged("checkpoint.json does not match its checksum");
        }
    }

    @Test
    void arraysOfAnotherCheckpointAreReported() throws IOException {
        Path other = parent.resolve("other");
        state.ema().flat().addi(1);
        checkpoint().write(other);
        Files.copy(other.resolve("state.npz"), folder.resolve("state.npz"), StandardCopyOption.REPLACE_EXISTING);
        assertDamaged("state.npz does not match its checksum");
    }

    @Test
    void aManifestThatIsAFolderOrEmptyIsReported() throws IOException {
        Path manifest = folder.resolve("checkpoint.json");
        Files.writeString(manifest, "");
        assertDamaged("checkpoint.json is empty");
        Files.delete(manifest);
        Files.createDirectory(manifest);
        assertDamaged("checkpoint.json is not a file");
    }

    @Test
    void textThatIsNotUtf8IsReported() throws IOException {
        Path manifest = folder.resolve("checkpoint.json");
        Files.write(
                manifest,
                Files.readString(manifest).replace("fingerprint", "gr\u00fcn").getBytes(StandardCharsets.ISO_8859_1));
        assertDamaged("checkpoint.json is not JSON");
    }

    @Test
    void aNumberOfImagesThatNoRunReachesIsReported() throws IOException {
        makeOld();
        Path manifest = folder.resolve("checkpoint.json");
        Files.writeString(manifest, Files.readString(manifest).replace("12345", "18446744073709551616"));
        assertDamaged("checkpoint.json gives a number of images that no run reaches");
    }

    @Test
    void missingArraysAreReported() throws IOException {
        Files.delete(folder.resolve("state.npz"));
        assertDamaged("state.npz is missing");
    }

    @Test
    void aManifestCutShortIsReported() throws IOException {
        Path manifest = folder.resolve("checkpoint.json");
        Files.writeString(manifest, Files.readString(manifest).substring(0, 200));
        assertDamaged("checkpoint.json is not JSON");
    }

    @Test
    void anotherModelsArraysAreReported() throws IOException {
        makeOld();
        Path manifest = folder.resolve("checkpoint.json");
        Files.writeString(
                manifest, Files.readString(manifest).replace("\"modelChannels\" : 8", "\"modelChannels\" : 16"));
        assertDamaged("lacks the array parameters of ");
    }

    @Test
    void aLaterFormatIsReported() throws IOException {
        Path manifest = folder.resolve("checkpoint.json");
        Files.writeString(manifest, Files.readString(manifest).replace("\"format\" : 1", "\"format\" : 2"));
        assertDamaged("its format is 2, this version reads 1");
    }

    @Test
    void aMissingCounterIsReported() throws IOException {
        makeOld();
        Path manifest = folder.resolve("checkpoint.json");
        Files.writeString(manifest, Files.readString(manifest).replace("\"images\" :", "\"pictures\" :"));
        assertDamaged("checkpoint.json lacks the number of images");
    }
}
