package org.patchdiffusion.model.engine.compiled.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.model.engine.MemoryShortageException;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;

class SharedMemoryTest {

    @Test
    void anArenaIsAsLargeAsTheLargestProgramWantsAlignedAndZero() {
        assumeTrue(CompiledEngine.isAvailable());
        SharedMemory memory = new SharedMemory(OneDnn.find().orElseThrow());
        memory.use();
        long before = Pointer.totalBytes();
        memory.reserve(1, 1000);
        memory.reserve(0, 5_000_000);
        memory.reserve(0, 300);
        memory.allocate();
        assertEquals(5_001_000, memory.bytes());
        assertTrue(Pointer.totalBytes() - before >= 5_001_000);
        BytePointer arena = new BytePointer(memory.arena(0));
        assertEquals(0, arena.address() % 64);
        for (long i = 0; i < 5_000_000; i += 4099) {
            assertEquals(0, arena.get(i));
        }
        arena.put(7, (byte) 1);
        memory.clear();
        assertEquals(0, arena.get(7));
        assertThrows(IllegalStateException.class, () -> memory.reserve(0, 1));
        memory.use();
        memory.release();
        assertTrue(Pointer.totalBytes() - before >= 5_001_000);
        memory.release();
        assertTrue(Pointer.totalBytes() - before < 1_000_000);
    }

    @Test
    void whatCannotBeHadIsRefusedBeforeItIsTaken() {
        assumeTrue(CompiledEngine.isAvailable());
        SharedMemory memory = new SharedMemory(OneDnn.find().orElseThrow());
        memory.use();
        memory.reserve(0, 1L << 50);
        long before = Pointer.totalBytes();
        MemoryShortageException shortage = assertThrows(MemoryShortageException.class, memory::allocate);
        assertEquals(1L << 50, shortage.needed());
        assertTrue(shortage.available() > 0 && shortage.available() < 1L << 46, shortage.getMessage());
        assertTrue(shortage.getMessage().startsWith("the programs need 1125899.9 GB of memory"), shortage.getMessage());
        assertEquals(before, Pointer.totalBytes());
        memory.release();
    }
}
