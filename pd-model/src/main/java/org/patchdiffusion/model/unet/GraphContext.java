package org.patchdiffusion.model.unet;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.patchdiffusion.model.Parameters;

/**
 * The graph under construction.
 *
 * @param sd the graph
 * @param parameters values of its variables
 * @param batch size of axis 0 of every array
 * @param dropout whether blocks multiply by dropout masks, which become placeholders
 */
public record GraphContext(SameDiff sd, Parameters parameters, int batch, boolean dropout) {

    /** An empty graph whose variables are views of the parameters, never copies. */
    public static GraphContext create(Parameters parameters, int batch, boolean dropout) {
        SameDiff sd = SameDiff.create();
        // The default holders copy every view that they are given.
        sd.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
        return new GraphContext(sd, parameters, batch, dropout);
    }

    /** The variable of a trained parameter. */
    SDVariable parameter(String name) {
        return sd.var(name, parameters.view(name));
    }

    /** The constant of a buffer that is not trained. */
    SDVariable buffer(String name) {
        SDVariable constant = sd.constant(name, parameters.view(name));
        // constant(...) copies a view; this puts the view itself in place of the copy.
        sd.associateArrayWithVariable(parameters.view(name), constant);
        return constant;
    }
}
