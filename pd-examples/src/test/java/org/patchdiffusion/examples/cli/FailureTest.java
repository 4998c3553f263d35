package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failures outside the program's own reach are one sentence, too. */
class FailureTest {

    @TempDir
    Path folder;

    @Test
    void memoryThatRanOutInAThreadNamesTheOptionsThatSaveIt() {
        Exception wrapped = new IllegalStateException(
                "a replica failed", new RuntimeException(new OutOfMemoryError("Cannot allocate new FloatPointer(9)")));
        String message = Failure.describe(wrapped);
        assertEquals(
                "out of memory (Cannot allocate new FloatPointer(9)); choose a smaller --batch-gpu, --batch or --cbase, or"
                        + " give arrays more with -Dorg.bytedeco.javacpp.maxbytes=4g before -jar (by default as much as"
                        + " -Xmx)",
                message);
        assertTrue(Failure.describe(new OutOfMemoryError("Java heap space")).endsWith("or give Java more with -Xmx"));
    }

    @Test
    void aNativeLibraryThatIsMissingIsToldWithoutThePathsThatWereSearched() {
        Error wrapped = new ExceptionInInitializerError(
                new UnsatisfiedLinkError("no jnind4jcpu in java.library.path: /usr/lib:/lib"));
        String message = Failure.describe(wrapped);
        assertTrue(message.startsWith("a native library does not load on this machine (no jnind4jcpu); "), message);
    }

    @Test
    void aJarWithoutItsLibrariesSaysWhatIsMissing() throws Exception {
        List<String> own = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.contains("pd-examples") && entry.endsWith("classes"))
                .toList();
        String error = run(String.join(File.pathSeparator, own));
        assertEquals(
                "pd: error: the class picocli.CommandLine is missing; keep the folder \"lib\" that the build makes beside"
                        + " pd.jar",
                error.strip());
    }

    @Test
    void withoutTheMachinesNativeLibrariesACommandEndsWithOneSentence() throws Exception {
        String rest = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !new File(entry).getName().matches("(nd4j-native|dnnl|openblas)-.*-\\w+-\\w+.*\\.jar"))
                .collect(Collectors.joining(File.pathSeparator));
        String error = run(rest, "bench", "--cbase", "8", "--iterations", "1");
        List<String> lines =
                error.lines().filter(line -> line.startsWith("pd: error: ")).toList();
        assertEquals(1, lines.size(), error);
        assertTrue(lines.get(0).contains("a native library does not load on this machine"), error);
        assertTrue(error.lines().noneMatch(line -> line.startsWith("\tat ")), error);
    }

    private String run(String classPath, String... arguments) throws IOException, InterruptedException {
        File errors = folder.resolve("errors").toFile();
        ProcessBuilder child = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                "org.patchdiffusion.examples.Pd");
        child.command().addAll(List.of(arguments));
        Process process = child.redirectError(errors)
                .redirectOutput(folder.resolve("out").toFile())
                .start();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        assertEquals(1, process.exitValue());
        return java.nio.file.Files.readString(errors.toPath());
    }
}
