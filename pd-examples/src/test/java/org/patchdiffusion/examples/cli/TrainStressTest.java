package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.patchdiffusion.examples.Pd;

/**
 * Starts, trains and ends in a JVM of its own, again and again on a machine that is kept busy, to catch what goes wrong
 * once in hundreds of runs: {@code mvn -pl pd-examples -am test -Dtest=TrainStressTest -Dstress.runs=500
 * -Dsurefire.failIfNoSpecifiedTests=false}. What a run that failed has left is in {@code target/stress}.
 */
@EnabledIfSystemProperty(named = "stress.runs", matches = "[1-9]\\d*")
class TrainStressTest {
    private static final int MINUTES_FOR_A_RUN = 10;
    private static final int RUNS_AT_A_TIME = 2;

    private final Path folder = Path.of("target", "stress").toAbsolutePath();

    @Test
    void everyRunEndsWithExitCodeZero() throws IOException, InterruptedException, ExecutionException {
        int runs = Integer.getInteger("stress.runs");
        clear(folder);
        Path data = Pictures.folder(folder.resolve("data"), 6, 16, 16);
        AtomicBoolean isOver = new AtomicBoolean();
        int cores = Runtime.getRuntime().availableProcessors();
        ExecutorService load = Executors.newFixedThreadPool(cores);
        ExecutorService starters = Executors.newFixedThreadPool(RUNS_AT_A_TIME);
        List<String> failures = new ArrayList<>();
        try {
            for (int i = 0; i < cores; i++) {
                load.submit(() -> {
                    while (!isOver.get()) {
                        Thread.onSpinWait();
                    }
                });
            }
            List<Future<String>> outcomes = new ArrayList<>();
            for (int i = 0; i < runs; i++) {
                outcomes.add(starters.submit(run(data, i)));
            }
            for (Future<String> outcome : outcomes) {
                if (!outcome.get().isEmpty()) {
                    failures.add(outcome.get());
                    System.err.println(outcome.get());
                }
            }
        } finally {
            isOver.set(true);
            load.shutdown();
            starters.shutdownNow();
        }
        assertEquals(List.of(), failures, failures.size() + " of " + runs + " runs failed; see " + folder);
    }

    /** One run; its outcome is empty if all is well, and its evidence stays only otherwise. */
    private Callable<String> run(Path data, int number) {
        return () -> {
            Path evidence = Files.createDirectories(folder.resolve("run-" + number));
            Path output = evidence.resolve("output.txt");
            Process process = new ProcessBuilder(command(data, evidence, number))
                    .directory(evidence.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            String outcome = "";
            if (!process.waitFor(MINUTES_FOR_A_RUN, TimeUnit.MINUTES)) {
                process.destroyForcibly().waitFor();
                outcome = "run " + number + " did not end in " + MINUTES_FOR_A_RUN + " minutes";
            } else if (process.exitValue() != 0) {
                outcome = "run " + number + " ended with exit code " + process.exitValue();
            }
            if (outcome.isEmpty()) {
                clear(evidence);
                return outcome;
            }
            String text = Files.readString(output);
            return outcome + "; " + evidence + " holds "
                    + List.of(evidence.toFile().list()) + "; its last words:\n"
                    + text.substring(Math.max(0, text.length() - 4000));
        };
    }

    private static List<String> command(Path data, Path evidence, int number) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx512m", "-XX:ErrorFile=" + evidence.resolve("hs_err_%p.log"), "-cp"));
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(Pd.class.getName());
        command.addAll(List.of(
                "train",
                "--data",
                data.toString(),
                "--outdir",
                evidence.resolve("runs").toString()));
        command.addAll(List.of("--cbase", "8", "--cres", "1,2", "--blocks", "1", "--attn", "none", "--batch", "2"));
        command.addAll(List.of("--duration", "2e-5", "--tick", "0.01", "--samples", number % 2 == 0 ? "0" : "2"));
        command.addAll(List.of("--dropout", "0.1", "--engine", number % 4 < 2 ? "best" : "exact"));
        return command;
    }

    private static void clear(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.map(Path::toFile).sorted((a, b) -> b.compareTo(a)).forEach(File::delete);
        }
    }
}
