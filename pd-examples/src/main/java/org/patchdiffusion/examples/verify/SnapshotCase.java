package org.patchdiffusion.examples.verify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.io.PickleSnapshot;

/** An official snapshot: its weights bit for bit, and what the network made of them computes. */
final class SnapshotCase implements CaseKind {
    /** What the names of the tensors begin with in such a case. */
    static final String WEIGHTS = "param.";

    @Override
    public String prefix() {
        return "network-snapshot";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        return golden.settings().has("init_kwargs") && golden.has("out.D");
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) throws IOException {
        Path file = golden.folder().resolve(golden.name() + ".pkl");
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + " is missing");
        }
        List<Check> checks = new ArrayList<>();
        DiffusionModel model;
        try (PickleSnapshot snapshot = PickleSnapshot.open(file)) {
            checks.add(TensorBits.compare(file.getFileName().toString(), snapshot, golden));
            model = snapshot.model();
        }
        for (Engine engine : engines.all()) {
            checks.add(denoise(golden, model, engine));
        }
        return checks;
    }

    private static Check denoise(GoldenCase golden, DiffusionModel model, Engine engine) {
        INDArray x = golden.floats("in.x");
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put("x", x);
        inputs.put("sigma", golden.floats("in.sigma"));
        inputs.put("pos", golden.floats("in.pos"));
        int labelDim = model.config().network().labelDim();
        int augmentDim = model.config().network().augmentDim();
        if (labelDim > 0) {
            inputs.put("labels", zerosUnless(golden, "in.labels", x.size(0), labelDim));
        }
        if (augmentDim > 0) {
            inputs.put("augment_labels", zerosUnless(golden, "in.augment", x.size(0), augmentDim));
        }
        try (Program program = engine.compile(model.denoiserGraph((int) x.size(0), (int) x.size(2), (int) x.size(3)))) {
            return new Check(
                    engine.name() + ": D",
                    Errors.relative(program.forward(inputs).get("D"), golden.array("out.D")),
                    VerificationEngines.bars(engine).output());
        }
    }

    private static INDArray zerosUnless(GoldenCase golden, String key, long rows, long columns) {
        return golden.has(key) ? golden.floats(key) : Nd4j.zeros(DataType.FLOAT, rows, columns);
    }
}
