package org.patchdiffusion.model.engine.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Random graphs on every engine, tensor by tensor against stock SameDiff in float64.
 *
 * <p>Any number of graphs, from any seed; {@code fuzz.first} goes straight to one of them:
 *
 * <pre>{@code
 * mvn -pl pd-model -am test -Dtest=FuzzTest -Dsurefire.failIfNoSpecifiedTests=false -Dfuzz.graphs=5000 -Dfuzz.seed=7
 * }</pre>
 *
 * <p>{@code fuzz.engines} asks only some engines, by names with commas between; {@code fuzz.trace=true} names each graph
 * before it runs, for one that ends the process.
 */
class FuzzTest {
    private static final int GRAPHS = Integer.getInteger("fuzz.graphs", 300);
    private static final int FIRST = Integer.getInteger("fuzz.first", 0);
    private static final long SEED = Long.getLong("fuzz.seed", 1);

    /** Findings beyond this many are counted and not shown. */
    private static final int SHOWN = Integer.getInteger("fuzz.shown", 10);

    private static final boolean TRACE = Boolean.getBoolean("fuzz.trace");
    private static final List<String> ENGINES = List.of(
            System.getProperty("fuzz.engines", "generic,exact,fast,bf16").split(","));

    private final List<Candidate> candidates =
            Candidate.all().stream().filter(c -> ENGINES.contains(c.name())).toList();
    private final List<String> reports = new ArrayList<>();
    private final Map<String, Integer> skipped = new TreeMap<>();
    private final Map<String, Integer> compiled = new TreeMap<>();
    private int failing;
    private int relaxed;
    private int stockIsWrong;

    @Test
    void everyEngineGivesTheNumbersOfSameDiff() {
        GraphGenerator generator = new GraphGenerator(SEED);
        for (int i = FIRST; i < FIRST + GRAPHS; i++) {
            check(generator.draw(i));
        }
        int left = skipped.values().stream().mapToInt(n -> n).sum();
        String summary = GRAPHS + " graphs, compiled " + compiled + ", skipped " + left + " " + skipped + ", " + relaxed
                + " tensors near cancellation, " + stockIsWrong + " wrong in stock SameDiff, " + failing
                + " graphs failed";
        if (GRAPHS != 300) {
            System.err.println(summary);
        }
        assertTrue(failing == 0, () -> summary + "\n\n" + String.join("\n\n", reports));
        assertTrue(left * 10 <= GRAPHS, summary);
        assertTrue(
                GRAPHS < 100 || !ENGINES.contains("exact") || compiled.getOrDefault("exact", 0) * 4 >= GRAPHS,
                "too few compiled: " + summary);
    }

    private void check(Recipe recipe) {
        if (TRACE) {
            System.err.println(recipe);
        }
        try {
            GraphCheck check = new GraphCheck(recipe).run(candidates);
            check.compiled().forEach(name -> compiled.merge(name, 1, Integer::sum));
            relaxed += check.relaxed();
            stockIsWrong += check.stockIsWrong();
            if (!check.findings().isEmpty()) {
                failing++;
                if (reports.size() < SHOWN) {
                    reports.add(report(recipe, check.findings()));
                }
            }
        } catch (Reference.NotRunnableException e) {
            skipped.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
        }
    }

    private String report(Recipe recipe, List<Finding> findings) {
        Finding first = findings.get(0);
        Candidate candidate = candidates.stream()
                .filter(c -> c.name().equals(first.engine()))
                .findFirst()
                .orElseThrow();
        Recipe small = new Shrinker(candidate, Double.isInfinite(first.error())).shrink(recipe);
        StringBuilder text = new StringBuilder();
        findings.stream().limit(4).forEach(f -> text.append(f).append('\n'));
        text.append("cut down to ").append(small).append('\n');
        try {
            new GraphCheck(small)
                    .run(List.of(candidate)).findings().stream()
                            .limit(3)
                            .forEach(f -> text.append("  ").append(f).append('\n'));
        } catch (Reference.NotRunnableException e) {
            text.append(e.getMessage());
        }
        return text.toString();
    }
}
