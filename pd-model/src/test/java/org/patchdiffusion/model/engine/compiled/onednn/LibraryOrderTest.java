package org.patchdiffusion.model.engine.compiled.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.compiled.ChildJvm;

/**
 * A process that asks for oneDNN first loads the same files as one that asks for ND4J first. With different copies of
 * libgomp, each would replace that of the other in the cache that they share.
 */
class LibraryOrderTest {

    @Test
    void whatIsAskedForFirstDoesNotChangeTheFilesThatAreLoaded(@TempDir Path folder) throws Exception {
        Path nd4jFirst = folder.resolve("nd4j.txt");
        Path oneDnnFirst = folder.resolve("onednn.txt");
        ChildJvm.run(List.of(), Map.of(), Child.class, "nd4j", nd4jFirst.toString());
        ChildJvm.run(List.of(), Map.of(), Child.class, "onednn", oneDnnFirst.toString());
        assertEquals(Files.readString(nd4jFirst), Files.readString(oneDnnFirst));
    }

    /** Writes down which file each library came from. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws IOException {
            if (args[0].equals("nd4j")) {
                Nd4j.create(1);
            }
            OneDnn.find().orElseThrow();
            Map<String, String> files = new TreeMap<>(Loader.getLoadedLibraries());
            Files.writeString(Path.of(args[1]), files.toString());
        }
    }
}
