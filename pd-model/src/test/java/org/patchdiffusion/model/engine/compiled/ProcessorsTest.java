package org.patchdiffusion.model.engine.compiled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.engine.GenericEngine;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.kernel.Kernels;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;

/** What a machine may lack or have beyond this JVM: AVX-512, and the Vector API. Each needs a process of its own. */
public class ProcessorsTest {

    @ParameterizedTest
    @CsvSource({"AVX2, PlainKernels, 8", "DEFAULT, VectorKernels, 0"})
    void compiledNetworksGiveTheSameNumbers(String isa, String kernels, String lanes) throws Exception {
        ChildJvm.run(flags(kernels), Map.of("ONEDNN_MAX_CPU_ISA", isa), Child.class, kernels, lanes);
    }

    /** AVX-512 has a form of bfloat16, which is slower than float32. */
    @Test
    void refusesBfloat16WithoutMatrixUnits() throws Exception {
        ChildJvm.run(List.of(), Map.of("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16"), Refusal.class);
    }

    /** Asks for an engine that the processor has nothing for. */
    static final class Refusal {
        private Refusal() {}

        public static void main(String[] args) {
            String message = assertThrows(IllegalStateException.class, () -> Engines.byName("bf16"))
                    .getMessage();
            assertTrue(message.startsWith("bfloat16 needs a processor with AMX; this one has AVX"), message);
            assertTrue(message.endsWith("take --precision float32, or the engine fast"), message);
        }
    }

    /** How to start a JVM that chooses these kernels. */
    public static List<String> flags(String kernels) {
        return kernels.equals("VectorKernels") ? List.of("--add-modules", "jdk.incubator.vector") : List.of();
    }

    /** Compares a network's loss and gradient with the generic plan. */
    static final class Child {
        private Child() {}

        /** @param args the kernels that the JVM must have chosen, and channels in a block (0: any) */
        public static void main(String[] args) {
            assertEquals(args[0], Kernels.create(1).getClass().getSimpleName());
            int lanes = OneDnn.find().orElseThrow().lanes();
            assertTrue(args[1].equals("0") || args[1].equals(String.valueOf(lanes)), "lanes " + lanes);
            DiffusionModel model = Networks.ddpmpp(12, List.of(1, 2), 0);
            Networks.Result want = Networks.lossAndGradient(new GenericEngine(), model, 3, 16, 16);
            CompiledEngine engine = new CompiledEngine(Accuracy.EXACT, 2);
            Networks.Result got = Networks.lossAndGradient(engine, model, 3, 16, 16);
            try (Program program = engine.compile(model.lossGraph(3, 16, 16))) {
                assertInstanceOf(CompiledProgram.class, program);
            }
            double error = got.gradientError(want);
            assertTrue(error < 2e-5, "relative error " + error);
        }
    }
}
