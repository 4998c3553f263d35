package org.patchdiffusion.model.engine.compiled.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.InstanceofCheck;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.model.engine.compiled.ir.Adapt;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Part;
import org.patchdiffusion.model.engine.compiled.ir.Reshape;

class LoweringsTest {

    /** Parts are run between replicas; what only exists to be fused has no form of its own. */
    @Test
    void everyKindOfNodeHasALoweringButThoseThatNoReplicaRuns() {
        Set<String> asked = new ClassFileImporter()
                .importClass(Lowerings.class).getInstanceofChecks().stream()
                        .map(InstanceofCheck::getRawType)
                        .map(type -> type.getName())
                        .collect(Collectors.toSet());
        Set<Class<?>> unknown = kinds(Node.class)
                .filter(kind -> !asked.contains(kind.getName()))
                .collect(Collectors.toSet());
        assertEquals(Set.of(Adapt.class, Part.class, Part.Gradient.class), unknown);
        assertTrue(kinds(Node.class).allMatch(Class::isRecord));
        assertTrue(kinds(Node.class).anyMatch(Reshape.class::equals));
    }

    private static Stream<Class<?>> kinds(Class<?> kind) {
        return kind.isSealed()
                ? Arrays.stream(kind.getPermittedSubclasses()).flatMap(LoweringsTest::kinds)
                : Stream.of(kind);
    }
}
