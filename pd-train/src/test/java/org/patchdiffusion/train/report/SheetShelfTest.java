package org.patchdiffusion.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SheetShelfTest {

    @TempDir
    Path folder;

    @Test
    void aFileIsEncodedOnceAndAgainOnlyWhenItChanges() throws IOException {
        RunFiles run = RunFiles.make(folder)
                .picture("samples-000001.png", 3, 2, 0xFF0000)
                .picture("samples-000001_500.png", 3, 2, 0x00FF00)
                .picture("reals.png", 5, 7, 0);
        Files.createFile(folder.resolve("samples-x.png"));
        SheetShelf shelf = new SheetShelf(folder);
        shelf.refresh();
        assertEquals(List.of(1000L, 1500L), List.copyOf(shelf.samples().keySet()));
        assertEquals(3, shelf.samples().get(1000L).width());
        assertEquals(7, shelf.reals().height());
        SheetFile first = shelf.samples().get(1000L);
        run.picture("samples-000001_500.png", 9, 2, 0);
        shelf.refresh();
        assertSame(first, shelf.samples().get(1000L));
        assertEquals(9, shelf.samples().get(1500L).width());
        assertEquals(List.of(), shelf.remarks());
    }

    @Test
    void aLongRunShowsSheetsFromTheFirstToTheNewest() throws IOException {
        RunFiles run = RunFiles.make(folder);
        for (int i = 1; i <= 60; i++) {
            run.picture(String.format("samples-%06d.png", i), 2, 2, i);
        }
        SheetShelf shelf = new SheetShelf(folder);
        shelf.refresh();
        List<Long> shown = List.copyOf(shelf.samples().keySet());
        assertEquals(SheetShelf.MOST_SHEETS, shown.size());
        assertEquals(1000, shown.get(0));
        assertEquals(60_000, shown.get(shown.size() - 1));
        for (int i = 1; i < shown.size(); i++) {
            long gap = shown.get(i) - shown.get(i - 1);
            assertTrue(gap >= 2000 && gap <= 3000, "gap: " + gap);
        }
        assertEquals(List.of("Here are 24 of the 60 sheets of samples in the folder."), shelf.remarks());
    }

    @Test
    void whatIsNoPictureIsLeftOutAndSaid() throws IOException {
        RunFiles.make(folder).picture("samples-000002.png", 2, 2, 0);
        Files.writeString(folder.resolve("samples-000001.png"), "<script>alert(1)</script> and more");
        Files.write(folder.resolve("reals.png"), new byte[0]);
        SheetShelf shelf = new SheetShelf(folder);
        shelf.refresh();
        assertEquals(List.of(2000L), List.copyOf(shelf.samples().keySet()));
        assertNull(shelf.reals());
        assertEquals(3, shelf.remarks().size());
        assertTrue(
                shelf.remarks().get(1).contains("samples-000001.png is not a PNG file"),
                shelf.remarks().toString());
    }
}
