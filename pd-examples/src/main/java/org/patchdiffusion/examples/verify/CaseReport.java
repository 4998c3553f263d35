package org.patchdiffusion.examples.verify;

import java.util.List;
import java.util.Locale;

/**
 * The outcome of one reference case.
 *
 * @param name name of the case
 * @param status whether it passed
 * @param checks what was compared
 * @param remark why the case failed without a comparison, or is unknown; empty otherwise
 */
public record CaseReport(String name, Status status, List<Check> checks, String remark) {

    /** Outcomes. */
    public enum Status {
        PASSED,
        FAILED,
        UNKNOWN
    }

    public CaseReport {
        checks = List.copyOf(checks);
    }

    static CaseReport of(String name, List<Check> checks) {
        boolean passed = !checks.isEmpty() && checks.stream().allMatch(Check::passed);
        return new CaseReport(
                name,
                passed ? Status.PASSED : Status.FAILED,
                checks,
                checks.isEmpty() ? "it holds nothing to compare" : "");
    }

    static CaseReport failed(String name, String reason) {
        return new CaseReport(name, Status.FAILED, List.of(), reason);
    }

    static CaseReport unknown(String name, String reason) {
        return new CaseReport(name, Status.UNKNOWN, List.of(), reason);
    }

    /** The case as lines of text: one for each comparison, with its error and its bar. */
    public String table() {
        StringBuilder text = new StringBuilder();
        String label = status.name().toLowerCase(Locale.ROOT);
        text.append(String.format(Locale.ROOT, "%-7s  %s%s%n", label, name, remark.isEmpty() ? "" : ": " + remark));
        for (Check check : checks) {
            text.append(String.format(
                    Locale.ROOT,
                    "  %-4s  %-64s  error %8.2e  bar %7.1e%n",
                    check.passed() ? "ok" : "FAIL",
                    check.what(),
                    check.error(),
                    check.bar()));
        }
        return text.toString();
    }
}
