package org.patchdiffusion.examples.verify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.patchdiffusion.model.io.TorchStateDict;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs every reference case of a folder: {@code NAME.npz} with {@code NAME.json}, and {@code NAME.pth} state dicts. What
 * kind a case is follows from its name's beginning, or else from what it holds.
 */
public final class Verifier {
    private static final Logger LOG = LoggerFactory.getLogger(Verifier.class);

    private static final List<CaseKind> KINDS = List.of(
            new NetworkCase(),
            new PrecondCase(),
            new LossSigmaCase(),
            new PatchesCase(),
            new AugmentCase(),
            new ImagePrepCase(),
            new SamplersCase(),
            new MultistepCase(),
            new TrainingCase(),
            new SnapshotCase());
    private static final String STATE_DICT = ".pth";
    /** How state dicts begin that are the published parameters of a case, not a snapshot's. */
    private static final String PARAMETERS_OF_A_CASE = "taef2_";

    private static final List<String> CASE_FILES = List.of(".npz", ".json", ".pkl");

    private final VerificationEngines engines;

    /** Makes a verifier that uses these engines. */
    public Verifier(VerificationEngines engines) {
        this.engines = engines;
    }

    /**
     * Runs all cases, in the order of their names.
     *
     * @param report hears the outcome of each
     * @throws IOException if the folder cannot be read or holds no case
     */
    public void run(Path folder, Consumer<CaseReport> report) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw Files.exists(folder)
                    ? new NotDirectoryException(
                            folder + " is not a folder; give a folder of NAME.npz and NAME.json files")
                    : new IOException(folder + " does not exist; give a folder of NAME.npz and NAME.json files");
        }
        Set<String> names = new TreeSet<>();
        Set<String> stateDicts = new TreeSet<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                CASE_FILES.stream()
                        .filter(name::endsWith)
                        .forEach(suffix -> names.add(name.substring(0, name.length() - suffix.length())));
                if (name.endsWith(STATE_DICT) && !name.startsWith(PARAMETERS_OF_A_CASE)) {
                    stateDicts.add(name);
                }
            }
        }
        if (names.isEmpty() && stateDicts.isEmpty()) {
            throw new IOException(folder + " holds no reference cases: expected NAME.npz with NAME.json");
        }
        for (String name : names) {
            report.accept(guarded(name, () -> runCase(folder, name)));
        }
        for (String name : stateDicts) {
            report.accept(guarded(name, () -> runStateDict(folder, name, names)));
        }
    }

    private interface Run {
        CaseReport run() throws IOException;
    }

    private static CaseReport guarded(String name, Run run) {
        try {
            return run.run();
        } catch (IOException | RuntimeException e) {
            LOG.debug("case {} failed", name, e);
            String reason =
                    e.getMessage() == null || !(e instanceof IOException || e instanceof IllegalArgumentException)
                            ? e.toString()
                            : e.getMessage();
            return CaseReport.failed(name, reason.replaceAll("\\s*\\R\\s*", " "));
        }
    }

    private CaseReport runCase(Path folder, String name) throws IOException {
        try (GoldenCase golden = GoldenCase.read(folder, name)) {
            // The longest beginning counts: a kind may have another one's name with more behind it.
            Optional<CaseKind> kind = KINDS.stream()
                    .filter(k -> name.startsWith(k.prefix()))
                    .max(Comparator.comparingInt(k -> k.prefix().length()))
                    .or(() -> KINDS.stream().filter(k -> k.recognises(golden)).findFirst());
            if (kind.isEmpty()) {
                return CaseReport.unknown(name, "this version knows no check for it");
            }
            return CaseReport.of(name, kind.get().run(golden, engines));
        }
    }

    /** A state dict holds the tensors of a snapshot in the same folder. */
    private static CaseReport runStateDict(Path folder, String file, Set<String> names) throws IOException {
        List<Check> checks = new ArrayList<>();
        try (TorchStateDict state = TorchStateDict.open(folder.resolve(file))) {
            for (String name : names) {
                if (!Files.isRegularFile(folder.resolve(name + ".pkl"))
                        || !Files.isRegularFile(folder.resolve(name + ".npz"))) {
                    continue;
                }
                try (GoldenCase golden = GoldenCase.read(folder, name)) {
                    checks.add(TensorBits.compare("against " + name + ".npz", state, golden));
                }
            }
        }
        return checks.isEmpty()
                ? CaseReport.unknown(file, "the folder has no snapshot to compare it with")
                : CaseReport.of(file, List.of(best(checks)));
    }

    private static Check best(List<Check> checks) {
        return checks.stream()
                .min((a, b) -> Double.compare(a.error(), b.error()))
                .orElseThrow();
    }
}
