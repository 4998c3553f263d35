package org.patchdiffusion.model.engine.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;

/** Graphs that an engine once computed wrongly or not at all, one test for each kind. */
class FoundFaultsTest {
    private static final List<Candidate> ENGINES = Candidate.all();

    static Stream<Candidate> engines() {
        return ENGINES.stream();
    }

    private final Sketch s = new Sketch(new SplittableRandom(3), 5, false);

    private static SDVariable conv(BuildContext c, int size, SDVariable... v) {
        Conv2DConfig config = Conv2DConfig.builder()
                .kH(size)
                .kW(size)
                .pH(size / 2)
                .pW(size / 2)
                .build();
        return c.sd().cnn().conv2d(v[0], v[1], v[2], config);
    }

    private int conv(int x, long out, int size) {
        long[] in = s.shape(x);
        int kernel = s.parameter(Math.sqrt(1.0 / (size * size * in[1])), size, size, in[1], out);
        return s.add(
                "conv2d",
                new long[] {in[0], out, in[2], in[3]},
                (c, v) -> conv(c, size, v),
                x,
                kernel,
                s.parameter(0.3, out));
    }

    private int groupNorm(int x, long... grouped) {
        long[] in = s.shape(x);
        Form form = (c, v) -> {
            SameDiff sd = c.sd();
            SDVariable y = sd.reshape(v[0], grouped);
            SDVariable d = c.rounded(y.sub(sd.mean(y, true, 2)), grouped);
            SDVariable z = d.mul(sd.math().rsqrt(sd.mean(d.mul(d), true, 2).add(1e-5)));
            return sd.reshape(z, in).mul(sd.reshape(v[1], 1, in[1], 1, 1)).add(sd.reshape(v[2], 1, in[1], 1, 1));
        };
        return s.add("group norm", in, form, x, s.parameterAround(1, 0.3, in[1]), s.parameter(0.3, in[1]));
    }

    private void check(Candidate engine, boolean compiles, Loss.Kind loss, int... outputs) {
        List<Integer> wanted = java.util.Arrays.stream(outputs).boxed().toList();
        Loss scalar = loss == null ? null : new Loss(loss, wanted.subList(0, 1), 5);
        try {
            GraphCheck check = new GraphCheck(new Recipe("-", s.steps(), wanted, scalar)).run(List.of(engine));
            assertEquals(List.of(), check.findings());
            assertEquals(
                    compiles && !engine.name().equals("generic"),
                    check.compiled().contains(engine.name()),
                    "compiled");
        } catch (Reference.NotRunnableException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void aFactorOfASumDoesNotReachWhatIsSubtractedAfterIt(Candidate engine) {
        int x = s.placeholder(3, 16, 6, 6);
        int c = conv(x, 16, 3);
        int d = conv(x, 16, 3);
        int e = conv(x, 16, 3);
        Form form = (context, v) -> v[0].add(v[1]).mul(0.5).sub(v[2]);
        int y = s.add("(c + d) · 0.5 - e", s.shape(c), form, c, d, e);
        check(engine, true, Loss.Kind.WEIGHTED, groupNorm(y, 3, 4, 4 * 36));
    }

    @ParameterizedTest
    @MethodSource("engines")
    void instanceNormOfPlanesIsNoGroupNormOfOneGroup(Candidate engine) {
        int c = conv(s.placeholder(3, 16, 6, 6), 16, 3);
        check(engine, true, Loss.Kind.WEIGHTED, groupNorm(c, 3 * 16, 1, 36));
    }

    /** A norm takes in one of them. */
    @ParameterizedTest
    @MethodSource("engines")
    void twoEmbeddingsBeforeANormBothCount(Candidate engine) {
        int c = conv(s.placeholder(3, 16, 6, 6), 16, 3);
        int first = s.placeholder(3, 16, 1, 1);
        int second = s.placeholder(3, 16, 1, 1);
        Form form = (context, v) -> v[0].add(v[1]).add(v[2]);
        int y = groupNorm(s.add("two embeddings", s.shape(c), form, c, first, second), 3, 4, 4 * 36);
        check(engine, true, null, y);
        check(engine, true, Loss.Kind.WEIGHTED, y);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void constantsLieInAnyOrder(Candidate engine) {
        int c = conv(s.placeholder(3, 16, 6, 6), 16, 3);
        for (Leaf.Memory memory : Leaf.Memory.values()) {
            Leaf leaf = Leaf.normal(Leaf.Kind.CONSTANT, memory, new SplittableRandom(7), 1, s.shape(c));
            int constant = s.add("constant " + memory, leaf.shape(), leaf);
            c = s.add("mul", s.shape(c), (context, v) -> v[0].mul(v[1]).add(v[1]), c, constant);
        }
        check(engine, true, Loss.Kind.PER_IMAGE, c);
        check(engine, true, null, c);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void constantKernelsLieInAnyOrder(Candidate engine) {
        Leaf first = Leaf.normal(Leaf.Kind.CONSTANT, Leaf.Memory.ROW_MAJOR, new SplittableRandom(5), 1, 1, 1, 7, 2);
        int x = s.add(
                "conv2d",
                new long[] {3, 2, 6, 6},
                (c, v) -> conv(c, 1, v),
                s.placeholder(3, 7, 6, 6),
                s.add("constant kernel", first.shape(), first),
                s.parameter(0.3, 2));
        Leaf leaf = Leaf.normal(Leaf.Kind.CONSTANT, Leaf.Memory.COLUMN_MAJOR, new SplittableRandom(7), 1, 1, 1, 2, 32);
        int kernel = s.add("constant kernel", leaf.shape(), leaf);
        long[] shape = {3, 32, 6, 6};
        int same = s.add("identity", s.shape(x), (c, v) -> c.sd().identity(v[0]), x);
        int y = s.add("conv2d", shape, (c, v) -> conv(c, 1, v), same, kernel, s.parameter(0.3, 32));
        check(engine, true, null, y);
        check(engine, true, Loss.Kind.PER_IMAGE, y);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void aLossMayLeaveImagesOut(Candidate engine) {
        int x = conv(s.placeholder(3, 3, 5, 5), 32, 3);
        Form slice = (c, v) ->
                c.sd().stridedSlice(v[0], new long[] {0, 0, 0, 0}, new long[] {2, 32, 5, 5}, new long[] {1, 1, 1, 1});
        int y = s.add("slice", new long[] {2, 32, 5, 5}, slice, x);
        int same = s.add("identity", s.shape(y), (c, v) -> c.sd().identity(v[0]), y);
        check(engine, true, Loss.Kind.WEIGHTED, same);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void oneKernelServesTwoChannelLayouts(Candidate engine) {
        int x = s.placeholder(2, 4, 6, 6);
        int a = conv(x, 12, 1);
        int b = conv(x, 12, 1);
        int whole = conv(x, 24, 1);
        int joined = s.add("concat", s.shape(whole), (c, v) -> c.sd().concat(1, v), a, b);
        int kernel = s.parameter(0.1, 3, 3, 24, 16);
        int bias = s.parameter(0.1, 16);
        long[] shape = {2, 16, 6, 6};
        int first = s.add("conv2d", shape, (c, v) -> conv(c, 3, v), joined, kernel, bias);
        int second = s.add("conv2d", shape, (c, v) -> conv(c, 3, v), whole, kernel, bias);
        int y = s.add("add", shape, (c, v) -> v[0].add(v[1]), first, second);
        check(engine, true, null, y);
        check(engine, true, Loss.Kind.PER_IMAGE, y);
    }

    /** A check of a graph that only runs forward includes a run after the parameters were changed in place. */
    @ParameterizedTest
    @MethodSource("engines")
    void kernelsNegatedInPlaceAreSeen(Candidate engine) {
        int y = conv(conv(s.placeholder(2, 4, 6, 6), 32, 1), 64, 1);
        // The label chooses the change.
        for (String label : List.of("a", "b", "c", "d")) {
            try {
                GraphCheck check = new GraphCheck(new Recipe(label, s.steps(), List.of(y), null)).run(List.of(engine));
                assertEquals(List.of(), check.findings());
            } catch (Reference.NotRunnableException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** A bright spot on a dark sky: sums of squares lose the sky. */
    @ParameterizedTest
    @MethodSource("engines")
    void groupNormSurvivesAnOutlier(Candidate engine) {
        Leaf leaf = Leaf.normal(Leaf.Kind.PLACEHOLDER, Leaf.Memory.ROW_MAJOR, new SplittableRandom(9), 1, 1, 8, 64, 64);
        for (int channel = 0; channel < 8; channel++) {
            // The first pixel is the one to centre sums on, if any is.
            leaf.values()[channel * 4096] = 30;
        }
        int x = s.add("placeholder with outliers", leaf.shape(), leaf);
        int kernel = identity(8);
        int bias = s.add(
                "bias",
                new long[] {8},
                new Leaf(Leaf.Kind.PARAMETER, Leaf.Memory.ROW_MAJOR, new long[] {8}, new float[8]));
        int c = s.add("conv2d", leaf.shape(), (context, v) -> conv(context, 1, v), x, kernel, bias);
        check(engine, true, null, groupNorm(c, 1, 8, 4096));
    }

    private int identity(int channels) {
        float[] values = new float[channels * channels];
        for (int i = 0; i < channels; i++) {
            values[i * channels + i] = 1;
        }
        Leaf leaf = new Leaf(Leaf.Kind.PARAMETER, Leaf.Memory.ROW_MAJOR, new long[] {1, 1, channels, channels}, values);
        return s.add("identity kernel", leaf.shape(), leaf);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void oneValueHasTwoOutputNames(Candidate engine) {
        int y = conv(s.placeholder(2, 16, 6, 6), 16, 3);
        int same = s.add("identity", s.shape(y), (c, v) -> c.sd().identity(v[0]), y);
        int reshaped = s.add("reshape", s.shape(y), (c, v) -> c.sd().reshape(v[0], s.shape(y)), same);
        check(engine, true, Loss.Kind.PER_IMAGE, y, same, reshaped);
        check(engine, true, null, y, same, reshaped);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void aChainOfThreeThousandOperationsCompiles(Candidate engine) {
        int y = conv(s.placeholder(2, 3, 4, 4), 4, 3);
        int other = s.placeholder(s.shape(y));
        // A sum kept in the eight bits of bfloat16 stops growing where what is added is smaller than its last bit.
        double factor = engine.name().equals("bf16") ? 0.5 : 0.99;
        Form chain = (c, v) -> {
            SDVariable sum = v[0];
            for (int i = 0; i < 1500; i++) {
                sum = sum.add(v[1]).mul(factor);
            }
            return sum;
        };
        check(engine, true, null, s.add("chain of 3000", s.shape(y), chain, y, other));
    }
}
