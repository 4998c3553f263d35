package org.patchdiffusion.model.engine.compiled.ir;

/**
 * Sets numbers to 0 with probability {@code rate} and divides the others by {@code 1 − rate} (Srivastava et al. 2014). Which
 * ones is a function of (seed, step, layer, image, place in the image), so nothing is stored: the gradient is the same node.
 *
 * @param layer place in the graph's list of dropouts
 */
public record Dropout(Value output, Value x, int layer, double rate) implements Mapping {

    @Override
    public Node place(Layouts layouts) {
        layouts.placeLike(output, x);
        return this;
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        gradients.emit(new Dropout(dx, gradients.of(output), layer, rate));
        gradients.contribute(x, dx);
    }
}
