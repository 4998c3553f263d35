package org.patchdiffusion.model.engine.compiled.ir;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Group norm (Wu and He 2018) of {@code x + shift}, scaled and moved by gamma and beta, then by {@code (1 + scale)} and
 * {@code offset} of adaptive normalisation, then SiLU.
 *
 * @param statistics what the backward pass needs again: {@link #ROWS} rows of physical channels for each image
 * @param shift one number a channel, an embedding; null if there is none
 * @param adaptive a vector of scales followed by offsets; null if there is none
 */
public record Norm(Value output, Value statistics, Value x, Value shift, Value adaptive, Settings settings)
        implements Node {

    /** Rows of the statistics: scale, shift, mean in two parts, sum and inverse deviation. */
    public static final int ROWS = 6;

    /**
     * What a group norm does.
     *
     * @param gamma parameter with a scale for each channel
     * @param beta parameter with an offset for each channel
     * @param groups number of groups, which divides the channels
     * @param epsilon added to the variance
     * @param silu whether SiLU follows
     */
    public record Settings(String gamma, String beta, int groups, double epsilon, boolean silu) {}

    /** A group norm with nothing joined to it. */
    public static Norm of(String name, Value x, Settings settings) {
        return of(x.like(name, true), x, null, null, settings);
    }

    private static Norm of(Value output, Value x, Value shift, Value adaptive, Settings settings) {
        // Its size depends on the layout, which is not known yet; the lowering allocates by it.
        Value statistics =
                Value.of(output.name() + " statistics", x.batch(), DataType.FLOAT, new long[] {x.batch(), ROWS}, false);
        return new Norm(output, statistics, x, shift, adaptive, settings);
    }

    /** The same with SiLU behind it. */
    public Norm withSilu(Value newOutput) {
        Settings s = settings;
        return of(newOutput, x, shift, adaptive, new Settings(s.gamma(), s.beta(), s.groups(), s.epsilon(), true));
    }

    /** The same with an embedding before it. */
    public Norm withShift(Value newX, Value newShift) {
        return of(output, newX, newShift, adaptive, settings);
    }

    /** The same with an adaptive scale and offset behind it. */
    public Norm withAdaptive(Value newOutput, Value newAdaptive) {
        return of(newOutput, x, shift, newAdaptive, settings);
    }

    @Override
    public List<Value> inputs() {
        return present(x, shift, adaptive);
    }

    @Override
    public List<Value> outputs() {
        return List.of(output, statistics);
    }

    @Override
    public Node place(Layouts layouts) {
        Value blocked = layouts.blocked(x);
        layouts.placeLike(output, blocked);
        return new Norm(output, statistics, blocked, plain(layouts, shift), plain(layouts, adaptive), settings);
    }

    private static Value plain(Layouts layouts, Value vector) {
        return vector == null ? null : layouts.plain(vector);
    }

    private static List<Value> present(Value... values) {
        List<Value> present = new ArrayList<>();
        for (Value value : values) {
            if (value != null) {
                present.add(value);
            }
        }
        return present;
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        Value dShift = shift == null || !shift.differentiable() ? null : shift.gradientLike();
        Value dAdaptive = adaptive == null || !adaptive.differentiable() ? null : adaptive.gradientLike();
        boolean addGamma = gradients.addsTo(settings.gamma());
        boolean addBeta = gradients.addsTo(settings.beta());
        gradients.emit(new Gradient(dx, dShift, dAdaptive, this, gradients.of(output), null, 1f, addGamma, addBeta));
        gradients.contribute(x, dx);
        if (dShift != null) {
            gradients.contribute(shift, dShift);
        }
        if (dAdaptive != null) {
            gradients.contribute(adaptive, dAdaptive);
        }
    }

    /**
     * All gradients of a group norm: of the input {@code (dx + more) · factor}, of the embedding and of the adaptive
     * vector (null where nobody wants it), of gamma and beta.
     *
     * @param more added to the input's gradient; null if there is nothing to add
     * @param addGamma whether to add to what gamma's gradient holds
     * @param addBeta whether to add to what beta's gradient holds
     */
    public record Gradient(
            Value output,
            Value dShift,
            Value dAdaptive,
            Norm norm,
            Value dy,
            Value more,
            float factor,
            boolean addGamma,
            boolean addBeta)
            implements Node {

        /** The same with another tensor added to the input's gradient, which then is called {@code sum}. */
        public Gradient adding(Value sum, Value other) {
            return new Gradient(sum, dShift, dAdaptive, norm, dy, other, factor, addGamma, addBeta);
        }

        /** The same with a factor on the input's gradient, which then is called {@code scaled}. */
        public Gradient times(Value scaled, float by) {
            return new Gradient(scaled, dShift, dAdaptive, norm, dy, more, factor * by, addGamma, addBeta);
        }

        @Override
        public List<Value> inputs() {
            return present(norm.x(), norm.statistics(), norm.shift(), norm.adaptive(), dy, more);
        }

        @Override
        public List<Value> outputs() {
            return present(output, dShift, dAdaptive);
        }

        @Override
        public List<String> trained() {
            return List.of(norm.settings().gamma(), norm.settings().beta());
        }

        @Override
        public String origin() {
            return norm.output().name();
        }

        @Override
        public Node place(Layouts layouts) {
            Norm placed = (Norm) norm.place(layouts);
            Value x = placed.x();
            layouts.placeLike(output, x);
            Value added = more == null ? null : layouts.like(more, x);
            return new Gradient(
                    output, dShift, dAdaptive, placed, layouts.like(dy, x), added, factor, addGamma, addBeta);
        }
    }
}
