package org.patchdiffusion.model.engine.compiled.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Channels never share a place, keep their order, and each part starts at a block. */
class ChannelMapTest {

    @Property
    void everyChannelHasItsOwnPlace(@ForAll @Size(min = 1, max = 4) List<@IntRange(min = 1, max = 40) Integer> parts) {
        ChannelMap map = ChannelMap.concat(
                parts.stream().map(c -> ChannelMap.dense(c, 16)).toList());
        assertEquals(parts.stream().mapToInt(c -> c).sum(), map.logical());
        assertEquals(parts.stream().mapToInt(c -> (c + 15) / 16 * 16).sum(), map.physical());
        Set<Integer> places = new HashSet<>();
        for (int c = 0; c < map.logical(); c++) {
            assertTrue(places.add(map.physical(c)) && map.physical(c) < map.physical());
        }
        assertEquals(map.logical() == map.physical(), map.isExact());
    }

    @Property
    void onlyPaddingAtTheEndIsDense(
            @ForAll @IntRange(min = 1, max = 40) int a, @ForAll @IntRange(min = 1, max = 40) int b) {
        ChannelMap map = ChannelMap.concat(List.of(ChannelMap.dense(a, 16), ChannelMap.dense(b, 16)));
        assertEquals(a % 16 == 0, map.isDense());
        assertTrue(ChannelMap.dense(a, 8).isDense());
        assertFalse(ChannelMap.dense(a, 16).equals(map));
    }
}
