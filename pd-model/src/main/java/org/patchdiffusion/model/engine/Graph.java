package org.patchdiffusion.model.engine;

import java.util.List;
import org.nd4j.autodiff.samediff.SameDiff;
import org.patchdiffusion.model.Parameters;

/**
 * What to execute: an ordinary static-shape SameDiff forward graph.
 *
 * <p>Axis 0 of every placeholder is the batch. Every {@code VARIABLE} of the graph is a parameter of the same name.
 *
 * @param sameDiff the forward graph; its gradient graph is not needed
 * @param parameters the values of its variables; read at each run, so an optimizer may change them in between
 * @param outputs names of the arrays that a run returns
 * @param loss name of the scalar to differentiate (a sum over the batch); null if only forward runs are wanted
 */
public record Graph(SameDiff sameDiff, Parameters parameters, List<String> outputs, String loss) {
    public Graph {
        outputs = List.copyOf(outputs);
    }
}
