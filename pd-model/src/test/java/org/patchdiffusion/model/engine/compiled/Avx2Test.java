package org.patchdiffusion.model.engine.compiled;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.GenericEngine;

/** Processors without AVX-512: oneDNN is told so by an environment variable, which needs a process of its own. */
class Avx2Test {

    @Test
    void blocksOfEightLanesGiveTheSameNumbers() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Child.class.getName());
        builder.environment().put("ONEDNN_MAX_CPU_ISA", "AVX2");
        builder.redirectErrorStream(true);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor(1, TimeUnit.MINUTES);
        assertEquals(0, process.exitValue(), output);
    }

    /** Compares with the generic plan; exits with 1 if anything is off. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) {
            DiffusionModel model = Networks.ddpmpp(12, List.of(1, 2), 0);
            Networks.Result want = Networks.lossAndGradient(new GenericEngine(), model, 3, 16, 16);
            int lanes = OneDnn.find().orElseThrow().lanes();
            CompiledEngine engine = new CompiledEngine(Accuracy.FAST, 2);
            Networks.Result got = Networks.lossAndGradient(engine, model, 3, 16, 16);
            boolean compiled = engine.compile(model.lossGraph(3, 16, 16)) instanceof CompiledProgram;
            double error = Networks.relativeError(got.gradient(), want.gradient());
            System.out.println("lanes " + lanes + ", compiled " + compiled + ", relative error " + error);
            System.exit(lanes == 8 && compiled && error < 2e-5 ? 0 : 1);
        }
    }
}
