package org.patchdiffusion.model.engine.compiled.run;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;

class ParameterFingerprintTest {
    /** Not a multiple of the columns. */
    private static final int COUNT = 5_000;

    private static final int COLUMNS = 1_024;

    private final Floats parameters = new Floats(new FloatPointer(COUNT), COUNT);
    private final ParameterFingerprint fingerprint = new ParameterFingerprint(parameters);

    ParameterFingerprintTest() {
        for (int i = 0; i < COUNT; i++) {
            parameters.put(i, i + 1f);
        }
    }

    private void assertSeen() {
        assertTrue(fingerprint.changed());
        accept();
    }

    private void accept() {
        fingerprint.changed();
        fingerprint.accept();
        assertFalse(fingerprint.changed());
    }

    @Test
    void knowsNothingBeforeTheFirstTimeAndAfterForgetting() {
        assertTrue(fingerprint.changed());
        assertTrue(fingerprint.changed());
        accept();
        fingerprint.forget();
        assertTrue(fingerprint.changed());
    }

    @Test
    void whatIsTakenBackIsNoChange() {
        accept();
        float old = parameters.get(77);
        parameters.put(77, old + 1);
        assertTrue(fingerprint.changed());
        parameters.put(77, old);
        assertFalse(fingerprint.changed());
    }

    @Property(tries = 200)
    void oneUnitInTheLastPlaceIsSeen(@ForAll @IntRange(max = COUNT - 1) int at) {
        accept();
        parameters.put(at, Math.nextUp(parameters.get(at)));
        assertSeen();
    }

    /** Neighbours, numbers of one column, and any others. */
    @Property(tries = 200)
    void twoSwappedNumbersAreSeen(
            @ForAll @IntRange(max = COUNT - 1) int one, @ForAll @IntRange(min = 1, max = COUNT - 1) int away) {
        for (int distance : new int[] {1, COLUMNS, away}) {
            accept();
            int other = (one + distance) % COUNT;
            float kept = parameters.get(one);
            parameters.put(one, parameters.get(other));
            parameters.put(other, kept);
            assertSeen();
        }
    }

    /** Sums and exclusive ors of the bits stay the same. */
    @Property(tries = 200)
    void evenNumbersOfFlippedSignsAreSeen(
            @ForAll @IntRange(max = COLUMNS - 1) int column, @ForAll @IntRange(min = 1, max = 2) int pairs) {
        accept();
        for (int row = 0; row < 2 * pairs; row++) {
            flip(column + row * COLUMNS);
        }
        assertSeen();
    }

    @Test
    void theSignOfEveryNumberAndOfZeroIsSeen() {
        accept();
        for (int i = 0; i < COUNT; i++) {
            flip(i);
        }
        assertSeen();
        parameters.put(4_999, 0f);
        assertSeen();
        parameters.put(4_999, -0f);
        assertSeen();
    }

    private void flip(int at) {
        if (at < COUNT) {
            parameters.put(at, -parameters.get(at));
        }
    }
}
