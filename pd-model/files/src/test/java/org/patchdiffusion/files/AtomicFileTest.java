package org.patchdiffusion.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void replacesTheFile() throws IOException {
        Path file = Files.writeString(folder.resolve("a.txt"), "old");
        AtomicFile.write(file, out -> out.write("new".getBytes()));
        assertEquals("new", Files.readString(file));
        assertEquals(List.of(file), Files.list(folder).toList());
    }

    @Test
    void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = Files.writeString(folder.resolve("a.txt"), "old");
        IOException e = assertThrows(
                IOException.class,
                () -> AtomicFile.write(file, out -> {
                    out.write(new byte[1 << 20]);
                    throw new IOException("the disk is on fire");
                }));
        assertEquals("cannot write " + file + ": the disk is on fire", e.getMessage());
        assertEquals("old", Files.readString(file));
        assertEquals(List.of(file), Files.list(folder).toList());
    }

    @Test
    void namesTheFileWhenItsFolderIsMissing() {
        Path file = folder.resolve("no/such/a.txt");
        IOException e = assertThrows(IOException.class, () -> AtomicFile.write(file, out -> out.write(1)));
        assertTrue(e.getMessage().contains(file.toString()) && e.getMessage().contains("does not exist"));
        assertTrue(assertThrows(IOException.class, () -> AtomicFile.write(folder, out -> out.write(1)))
                .getMessage()
                .contains("it is a folder"));
    }
}
