package org.patchdiffusion.examples.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** What somebody may have meant who wrote a name that there is not. */
final class Spelling {

    private Spelling() {}

    /** The nearest known name, if it is near enough to be meant: at most a third of its letters differ. */
    static Optional<String> nearest(String wrong, Collection<String> known) {
        return known.stream()
                .min(Comparator.comparingInt((String name) -> distance(wrong, name))
                        .thenComparing(name -> name))
                .filter(name -> 3 * distance(wrong, name) <= name.length());
    }

    /** The least number of letters to insert, drop or replace (Levenshtein 1966). */
    static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[other.length()];
    }
}
