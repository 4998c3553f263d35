package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

/** The nearest known name. */
class SpellingTest {

    @Test
    void theTextbookExampleTakesThreeChanges() {
        assertEquals(3, Spelling.distance("kitten", "sitting"));
        assertEquals(6, Spelling.distance("", "kitten"));
        assertEquals(1, Spelling.distance("trian", "train"));
    }

    @Test
    void aSlipFindsTheNameAndAnotherWordFindsNone() {
        List<String> known = List.of("--lr", "--lr-rampup", "--batch", "--duration");
        assertEquals(Optional.of("--lr-rampup"), Spelling.nearest("--lr-ramup", known));
        assertEquals(Optional.of("--batch"), Spelling.nearest("--bacth", known));
        assertEquals(Optional.empty(), Spelling.nearest("--colour", known));
    }

    @Property(tries = 200)
    void oneChangeOfAnEndAddsAtMostOneAndTheOrderIsOfNoMatter(
            @ForAll @AlphaChars @StringLength(max = 12) String one,
            @ForAll @AlphaChars @StringLength(max = 12) String other) {
        int distance = Spelling.distance(one, other);
        assertEquals(distance, Spelling.distance(other, one));
        assertTrue(Math.abs(Spelling.distance(one + "x", other) - distance) <= 1);
        assertTrue(distance >= Math.abs(one.length() - other.length()));
        assertTrue(distance <= Math.max(one.length(), other.length()));
        assertEquals(distance, Spelling.distance(one + "z", other + "z"));
    }
}
