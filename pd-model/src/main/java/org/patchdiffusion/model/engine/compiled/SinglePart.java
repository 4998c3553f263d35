package org.patchdiffusion.model.engine.compiled;

import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Program;

/** Lets a program that writes one gradient part serve an engine whose gradients have several. */
record SinglePart(Program program) implements Program {
    @Override
    public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
        return program.forward(inputs);
    }

    @Override
    public Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients) {
        gradients.parts().subList(1, gradients.parts().size()).forEach(part -> part.assign(0));
        return program.backward(
                inputs,
                new Gradients(gradients.layout(), List.of(gradients.parts().get(0))));
    }

    @Override
    public void close() {
        program.close();
    }
}
