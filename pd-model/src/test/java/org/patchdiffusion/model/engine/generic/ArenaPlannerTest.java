package org.patchdiffusion.model.engine.generic;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.patchdiffusion.model.engine.generic.ArenaPlanner.Buffer;
import org.patchdiffusion.model.engine.generic.ArenaPlanner.Place;

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
        long end = ArenaPlanner.place(chain, 16).stream()
                .mapToLong(Place::end)
                .max()
                .orElseThrow();
        assertEquals(64, end);
    }
}
