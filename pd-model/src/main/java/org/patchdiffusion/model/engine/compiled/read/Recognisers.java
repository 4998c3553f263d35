package org.patchdiffusion.model.engine.compiled.read;

import java.util.List;
import java.util.Map;

/** Which patterns may end in an op of a name, larger ones first. */
final class Recognisers {
    private static final Map<String, List<Recogniser>> BY_LAST_OP = Map.ofEntries(
            Map.entry("conv2d", List.of(ConvRecogniser::read)),
            Map.entry("maxpool2d", List.of(PoolRecogniser::read)),
            Map.entry("avgpool2d", List.of(PoolRecogniser::read)),
            Map.entry("upsampling2d", List.of(ShapeRecognisers::upsample)),
            Map.entry("pad", List.of(ShapeRecognisers::pad)),
            Map.entry("concat", List.of(ShapeRecognisers::concat)),
            Map.entry("reshape", List.of(AttentionRecogniser::read, BlurRecogniser::read, ShapeRecognisers::reshape)),
            Map.entry("identity", List.of((graph, op) -> graph.value(GraphView.input(op, 0)))),
            Map.entry("matmul", List.of(DenseRecogniser::withoutBias)),
            Map.entry(
                    "add",
                    List.of(
                            NormRecogniser::read,
                            AdaptRecogniser::read,
                            DenseRecogniser::withBias,
                            PairRecognisers::add)),
            Map.entry("subtract", List.of(PairRecognisers::subtract)),
            Map.entry("multiply", List.of(PairRecognisers::dropout, PairRecognisers::multiply)),
            Map.entry("divide", List.of(PairRecognisers::divide)),
            Map.entry("mul_scalar", List.of(NumberRecognisers::multiply)),
            Map.entry("div_scalar", List.of(NumberRecognisers::divide)),
            Map.entry("add_scalar", List.of(NumberRecognisers::add)),
            Map.entry("sub_scalar", List.of(NumberRecognisers::subtract)),
            Map.entry("rsub_scalar", List.of(NumberRecognisers::subtractFrom)),
            Map.entry("neg", List.of(NumberRecognisers::negate)),
            Map.entry("swish", List.of(FunctionRecognisers::silu)),
            Map.entry("relu", List.of(FunctionRecognisers::relu)),
            Map.entry("tanh", List.of(FunctionRecognisers::tanh)),
            Map.entry("sigmoid", List.of(FunctionRecognisers::sigmoid)),
            Map.entry("square", List.of(FunctionRecognisers::square)),
            Map.entry("reduce_sum", List.of(SumRecognisers::sum)),
            Map.entry("reduce_mean", List.of(SumRecognisers::mean)));

    private Recognisers() {}

    static List<Recogniser> endingIn(String opName) {
        return BY_LAST_OP.getOrDefault(opName, List.of());
    }
}
