package org.patchdiffusion.model.engine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;

/** Copies gradients, one array a parameter, to the flat buffer of the caller. */
final class GradientWriter {
    private final ParameterLayout layout;
    private final Map<String, INDArray> views = new HashMap<>();
    private Gradients target;

    GradientWriter(ParameterLayout layout) {
        this.layout = layout;
    }

    /**
     * Adds to the first part.
     *
     * @param gradient the gradient of a parameter; empty for one that does not influence the loss
     * @throws IllegalArgumentException if the buffers were made for another layout
     */
    void add(Gradients gradients, Function<String, Optional<INDArray>> gradient) {
        prepare(gradients);
        views.forEach(
                (name, view) -> gradient.apply(name).ifPresent(value -> view.addi(value.reshape('c', view.shape()))));
    }

    /**
     * Overwrites the buffers: the first part becomes the whole gradient, all others zero.
     *
     * @param gradient the gradient of a parameter; empty for one that does not influence the loss
     * @throws IllegalArgumentException if the buffers were made for another layout or are closed
     */
    void write(Gradients gradients, Function<String, Optional<INDArray>> gradient) {
        prepare(gradients);
        views.forEach((name, view) -> gradient.apply(name)
                .ifPresentOrElse(value -> view.assign(value.reshape('c', view.shape())), () -> view.assign(0)));
        List<INDArray> others = gradients.parts().subList(1, gradients.parts().size());
        others.forEach(part -> part.assign(0));
    }

    /** Makes the views of these buffers, unless they are those of the last time. */
    private void prepare(Gradients gradients) {
        gradients.requireOpen();
        if (gradients == target) {
            return;
        }
        if (!gradients.layout().equals(layout)) {
            throw new IllegalArgumentException("the gradient buffers have another layout than the graph's parameters;"
                    + " make them with newGradients(parameters.layout())");
        }
        Parameters flat = new Parameters(layout, gradients.parts().get(0));
        layout.entries().forEach(entry -> views.put(entry.name(), flat.view(entry.name())));
        target = gradients;
    }
}
