package org.patchdiffusion.model.engine.compiled.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.model.engine.compiled.ir.Adapt;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Part;

class LoweringsTest {

    /** Parts are run between replicas; what only exists to be fused has no form of its own. */
    @Test
    void everyKindOfNodeHasALoweringButThoseThatNoReplicaRuns() {
        Class<?>[] kinds = Node.class.getPermittedSubclasses();
        Set<Class<?>> unknown =
                Arrays.stream(kinds).filter(kind -> !Lowerings.knows(kind)).collect(Collectors.toSet());
        assertEquals(Set.of(Adapt.class, Part.class, Part.Gradient.class), unknown);
        assertTrue(Arrays.stream(kinds).allMatch(Class::isRecord));
    }
}
