package org.patchdiffusion.model.engine.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.patchdiffusion.model.engine.plan.ArenaPlanner.Buffer;
import org.patchdiffusion.model.engine.plan.ArenaPlanner.Place;

class ArenaPlannerTest {

    @Property(tries = 300)
    void buffersAliveTogetherNeverOverlap(@ForAll("buffers") List<Buffer> buffers) {
        List<Place> places = ArenaPlanner.place(buffers, 16);
        assertEquals(buffers.size(), places.size());
        for (int i = 0; i < places.size(); i++) {
            Place a = places.get(i);
            assertEquals(0, a.offset() % 16);
            for (Place b : places.subList(i + 1, places.size())) {
                boolean aliveTogether = a.buffer().first() <= b.buffer().last()
                        && b.buffer().first() <= a.buffer().last();
                assertTrue(!aliveTogether || a.end() <= b.offset() || b.end() <= a.offset(), a + " and " + b);
            }
        }
    }

    @Provide
    Arbitrary<List<Buffer>> buffers() {
        Arbitrary<Buffer> one = Combinators.combine(
                        Arbitraries.longs().between(1, 200),
                        Arbitraries.integers().between(0, 30),
                        Arbitraries.integers().between(0, 10))
                .as((length, first, life) -> new Buffer("b", length, first, first + life));
        return one.list().ofMaxSize(40);
    }

    /** A chain in which each buffer feeds only the next needs two of them, however long it is. */
    @Example
    void aChainNeedsTwoBuffers() {
        List<Buffer> chain = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            chain.add(new Buffer("b" + i, 32, i, i + 1));
        }
        assertEquals(64, ArenaPlanner.size(ArenaPlanner.place(chain, 16)));
    }

    /** Largest first: 100 goes below, 50 beside it, and 30 into the place that 50 leaves. */
    @Example
    void placesTheLargestFirstAndLowest() {
        List<Buffer> buffers =
                List.of(new Buffer("c", 30, 3, 4), new Buffer("b", 50, 1, 2), new Buffer("a", 100, 0, 4));
        List<Place> places = ArenaPlanner.place(buffers, 64);
        assertEquals(List.of(0L, 128L, 128L), places.stream().map(Place::offset).toList());
        assertEquals(178, ArenaPlanner.size(places));
        assertEquals(0, ArenaPlanner.size(List.of()));
    }

    /** What a long network needs: each of 5,000 results is read by the next two, so three of them fill the arena. */
    @Example
    void placesThousands() {
        List<Buffer> chain = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            chain.add(new Buffer("b" + i, 1L << 33, i, i + 2));
        }
        assertEquals(3L << 33, ArenaPlanner.size(ArenaPlanner.place(chain, 64)));
    }

    @Example
    void refusesWhatMakesNoSense() {
        assertThrows(IllegalArgumentException.class, () -> new Buffer("b", -1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Buffer("b", 1, 2, 1));
        List<Buffer> tooMuch = List.of(new Buffer("a", Long.MAX_VALUE, 0, 1), new Buffer("b", 1, 0, 1));
        assertThrows(ArithmeticException.class, () -> ArenaPlanner.place(tooMuch, 64));
    }
}
