package org.patchdiffusion.model.engine.compiled.read;

import java.util.List;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** Which patterns may end in an op of a name, larger ones first. A switch, because a table of lambdas costs a class each. */
final class Recognisers {

    private Recognisers() {}

    /** The result of the node that an op becomes; null if no pattern ends in it. */
    static Value read(Reading graph, SameDiffOp op) {
        return switch (GraphView.name(op)) {
            case "conv2d" -> ConvRecogniser.read(graph, op);
            case "maxpool2d", "avgpool2d" -> PoolRecogniser.read(graph, op);
            case "upsampling2d" -> ShapeRecognisers.upsample(graph, op);
            case "pad" -> ShapeRecognisers.pad(graph, op);
            case "concat" -> ShapeRecognisers.concat(graph, op);
            case "reshape" -> reshape(graph, op);
            case "identity" -> NumberRecognisers.identity(graph, op);
            case "matmul" -> DenseRecogniser.withoutBias(graph, op);
            case "add" -> add(graph, op);
            case "subtract" -> PairRecognisers.subtract(graph, op);
            case "multiply" -> multiply(graph, op);
            case "divide" -> PairRecognisers.divide(graph, op);
            case "mul_scalar" -> NumberRecognisers.multiply(graph, op);
            case "div_scalar" -> NumberRecognisers.divide(graph, op);
            case "add_scalar" -> NumberRecognisers.add(graph, op);
            case "sub_scalar" -> NumberRecognisers.subtract(graph, op);
            case "rsub_scalar" -> NumberRecognisers.subtractFrom(graph, op);
            case "neg" -> NumberRecognisers.negate(graph, op);
            case "swish" -> FunctionRecognisers.silu(graph, op);
            case "relu" -> FunctionRecognisers.relu(graph, op);
            case "tanh" -> FunctionRecognisers.tanh(graph, op);
            case "sigmoid" -> FunctionRecognisers.sigmoid(graph, op);
            case "square" -> FunctionRecognisers.square(graph, op);
            case "reduce_sum" -> SumRecognisers.sum(graph, op);
            case "reduce_mean" -> SumRecognisers.mean(graph, op);
            default -> null;
        };
    }

    private static Value add(Reading graph, SameDiffOp op) {
        Value y = NormRecogniser.read(graph, op);
        y = y != null ? y : AdaptRecogniser.read(graph, op);
        y = y != null ? y : DenseRecogniser.withBias(graph, op);
        return y != null ? y : PairRecognisers.add(graph, op);
    }

    private static Value multiply(Reading graph, SameDiffOp op) {
        Value y = PairRecognisers.dropout(graph, op);
        return y != null ? y : PairRecognisers.multiply(graph, op);
    }

    private static Value reshape(Reading graph, SameDiffOp op) {
        Value y = AttentionRecogniser.read(graph, op);
        y = y != null ? y : BlurRecogniser.read(graph, op);
        return y != null ? y : ShapeRecognisers.reshape(graph, op);
    }

    /** The ops inside the large pattern that may end in an op. Only the pattern reads them, as a rule. */
    static List<SameDiffOp> inner(GraphView view, SameDiffOp op) {
        return switch (GraphView.name(op)) {
            case "add" -> NormRecogniser.inner(view, op);
            case "reshape" -> AttentionRecogniser.inner(view, op);
            default -> List.of();
        };
    }
}
