package org.patchdiffusion.train;

import java.util.HashMap;
import java.util.Map;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Graph;

/** The loss graph of each batch shape: built when first asked for, then kept, because building takes seconds. */
final class LossGraphs {

    /** Shape of a batch of patches. */
    record Shape(int batch, PatchSize patch) {}

    private final DiffusionModel model;
    private final Map<Shape, Graph> graphs = new HashMap<>();

    LossGraphs(DiffusionModel model) {
        this.model = model;
    }

    /** The graph of a shape. May be called from several threads. */
    synchronized Graph get(Shape shape) {
        return graphs.computeIfAbsent(
                shape,
                s -> model.lossGraph(s.batch(), s.patch().height(), s.patch().width()));
    }
}
