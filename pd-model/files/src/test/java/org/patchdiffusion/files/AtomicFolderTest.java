package org.patchdiffusion.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFolderTest {
    /** Our own process number, but of a process that started in 1970: it has ended, whatever runs on this machine. */
    private static final String DEAD = ProcessHandle.current().pid() + "-1-0123abcd";

    @TempDir
    Path parent;

    private Path folder;

    @BeforeEach
    void writeFirst() throws IOException {
        folder = parent.resolve("checkpoint-000001");
        write("first");
    }

    private void write(String text) throws IOException {
        AtomicFolder.write(folder, temporary -> Files.writeString(temporary.resolve("a.txt"), text));
    }

    private String content() throws IOException {
        return Files.readString(folder.resolve("a.txt"));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(parent)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void replacesAFolder() throws IOException {
        write("second");
        assertEquals("second", content());
        assertEquals(List.of("checkpoint-000001"), names());
    }

    @Test
    void aFailureLeavesTheOldFolderAndNothingElse() throws IOException {
        IOException e = assertThrows(
                IOException.class,
                () -> AtomicFolder.write(folder, temporary -> {
                    Files.writeString(temporary.resolve("a.txt"), "half");
                    throw new IOException("the disk is full");
                }));
        assertEquals("cannot write the folder " + folder + ": the disk is full", e.getMessage());
        assertEquals("first", content());
        assertEquals(List.of("checkpoint-000001"), names());
    }

    @Test
    void aFailureNamesTheFileAsItWouldHaveBeenCalled() {
        IOException e = assertThrows(
                IOException.class,
                () -> AtomicFolder.write(
                        folder,
                        temporary -> AtomicFile.write(temporary.resolve("a.txt"), out -> {
                            throw new IOException("no space left on device");
                        })));
        assertEquals(
                "cannot write the folder " + folder + ": cannot write " + folder.resolve("a.txt")
                        + ": no space left on device",
                e.getMessage());
    }

    @Test
    void ifTheNewFolderCannotTakeTheNameTheOldOneGetsItBack() throws IOException {
        // The content deletes its own folder, so that the second rename has nothing to move.
        assertThrows(IOException.class, () -> AtomicFolder.write(folder, temporary -> Files.delete(temporary)));
        assertEquals("first", content());
        assertEquals(List.of("checkpoint-000001"), names());
    }

    @Test
    void whatAKillBetweenTheTwoRenamesLeavesIsFound() throws IOException {
        Files.move(folder, parent.resolve(".checkpoint-000001." + DEAD + ".old"));
        Path unfinished = Files.createDirectory(parent.resolve(".checkpoint-000001." + DEAD + ".tmp"));
        Files.writeString(unfinished.resolve("a.txt"), "second");
        AtomicFolder.recover(parent);
        assertEquals("first", content());
        assertEquals(List.of("checkpoint-000001"), names());
    }

    @Test
    void aFolderThatWasReplacedIsNotBroughtBack() throws IOException {
        Path old = Files.createDirectory(parent.resolve(".checkpoint-000001." + DEAD + ".old"));
        Files.writeString(old.resolve("a.txt"), "older");
        AtomicFolder.recover(parent);
        assertEquals("first", content());
        assertEquals(List.of("checkpoint-000001"), names());
    }

    @Test
    void leftoversOfTheDeadAreDeletedAndThoseOfTheLivingStay() throws IOException {
        String ours = Temporaries.beside(parent.resolve("model.safetensors"), Temporaries.NEW)
                .getFileName()
                .toString();
        Files.writeString(parent.resolve(ours), "being written");
        Files.writeString(parent.resolve(".model.safetensors." + DEAD + ".tmp"), "left over");
        Files.writeString(parent.resolve(".hidden.tmp"), "someone else's");
        AtomicFolder.recover(parent);
        assertEquals(
                Stream.of(".hidden.tmp", ours, "checkpoint-000001").sorted().toList(), names());
    }

    @Test
    void aFileInTheWayIsNamed() throws IOException {
        Path file = Files.writeString(parent.resolve("file"), "x");
        IOException e = assertThrows(IOException.class, () -> AtomicFolder.write(file, temporary -> {}));
        assertTrue(e.getMessage().contains("a file of that name"), e.getMessage());
        assertEquals("x", Files.readString(file));
    }

    @Test
    void deletesAFolderAndItsContent() throws IOException {
        Files.createDirectory(folder.resolve("inner"));
        AtomicFolder.delete(folder);
        AtomicFolder.delete(folder);
        assertFalse(Files.exists(folder));
        assertEquals(List.of(), names());
    }
}
