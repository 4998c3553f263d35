package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.NormBackward;
import org.patchdiffusion.model.engine.compiled.kernel.NormForward;
import org.patchdiffusion.model.engine.compiled.kernel.NormVectors;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.FlatMemory;
import org.patchdiffusion.model.engine.compiled.run.ReplicaMemory;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** Group norm with everything fused into it: embedding, adaptive scale and offset, SiLU; and all its gradients. */
final class NormLowering {

    private NormLowering() {}

    static void forward(Lowering lowering, Norm node) {
        Buffer x = lowering.of(node.x());
        Buffer shift = node.shift() == null ? null : lowering.of(node.shift());
        Buffer adaptive = node.adaptive() == null ? null : lowering.of(node.adaptive());
        Buffer y = lowering.define(node.output());
        Buffer stage = FloatImages.stage(lowering, node.x());
        Buffer statistics = lowering.training() ? lowering.defineStatistics(node.statistics(), node.x()) : null;
        NormVectors vectors = new NormVectors(node.x().channels());
        NormForward kernel = new NormForward(node.settings(), node.x(), vectors, lowering.tiles());
        List<Buffer> reads = Buffer.present(x, shift, adaptive);
        List<Buffer> writes = Buffer.present(y, statistics, stage);
        lowering.step(label(node, ""), Step.Kind.POINTWISE, 0, reads, writes, memory -> {
            FloatImages source = new FloatImages(memory, lowering, node.x(), x, stage);
            FloatImages target = new FloatImages(memory, lowering, node.output(), y, stage);
            NormForward.Tensors tensors = new NormForward.Tensors(
                    source.floats(),
                    floats(memory, shift),
                    floats(memory, adaptive),
                    target.floats(),
                    floats(memory, statistics));
            Runnable parameters = parameters(node, memory.parameters(), vectors);
            return () -> {
                parameters.run();
                for (int image = 0; image < lowering.batch(); image++) {
                    source.load(image);
                    kernel.run(tensors, image, source.start(image));
                    target.store(image);
                }
            };
        });
    }

    private static Runnable parameters(Norm node, FlatMemory parameters, NormVectors vectors) {
        long gamma = parameters.offset(node.settings().gamma());
        long beta = parameters.offset(node.settings().beta());
        return () -> vectors.readParameters(parameters.floats(), gamma, beta);
    }

    static void gradient(Lowering lowering, Norm.Gradient node) {
        Norm norm = node.norm();
        Buffer x = lowering.of(norm.x());
        Buffer adaptive = norm.adaptive() == null ? null : lowering.of(norm.adaptive());
        Buffer statistics = lowering.of(norm.statistics());
        Buffer dy = lowering.of(node.dy());
        Buffer more = node.more() == null ? null : lowering.of(node.more());
        Buffer dx = lowering.define(node.output());
        Buffer dShift = defined(lowering, node.dShift());
        Buffer dAdaptive = defined(lowering, node.dAdaptive());
        NormVectors vectors = new NormVectors(norm.x().channels());
        NormBackward kernel = new NormBackward(norm.settings(), norm.x(), node.factor(), vectors, lowering.tiles());
        Buffer xStage = FloatImages.stage(lowering, norm.x());
        Buffer stage = FloatImages.stage(lowering, node.dy());
        Buffer moreStage = more == null ? null : FloatImages.stage(lowering, node.more());
        List<Buffer> reads = Buffer.present(x, adaptive, statistics, dy, more);
        List<Buffer> writes = Buffer.present(dx, dShift, dAdaptive, xStage, stage, moreStage);
        lowering.step(label(norm, " backward"), Step.Kind.POINTWISE, 0, reads, writes, memory -> {
            FloatImages source = new FloatImages(memory, lowering, norm.x(), x, xStage);
            FloatImages given = new FloatImages(memory, lowering, node.dy(), dy, stage);
            FloatImages added = more == null ? null : new FloatImages(memory, lowering, node.more(), more, moreStage);
            FloatImages target = new FloatImages(memory, lowering, node.output(), dx, stage);
            NormBackward.Tensors tensors = new NormBackward.Tensors(
                    source.floats(),
                    floats(memory, adaptive),
                    memory.floats(statistics),
                    given.floats(),
                    added == null ? null : added.floats(),
                    target.floats(),
                    floats(memory, dShift),
                    floats(memory, dAdaptive));
            Runnable parameters = parameters(norm, memory.parameters(), vectors);
            Runnable results = results(node, memory, kernel);
            return () -> {
                parameters.run();
                kernel.start();
                for (int image = 0; image < lowering.batch(); image++) {
                    source.load(image);
                    given.load(image);
                    if (added != null) {
                        added.load(image);
                    }
                    kernel.run(tensors, image, source.start(image));
                    target.store(image);
                }
                results.run();
            };
        });
    }

    private static Runnable results(Norm.Gradient node, ReplicaMemory memory, NormBackward kernel) {
        long gamma = memory.gradient().offset(node.norm().settings().gamma());
        long beta = memory.gradient().offset(node.norm().settings().beta());
        int channels = node.norm().x().channels();
        return () -> {
            memory.gradient().write(gamma, kernel.gammaGradient(), 0, channels, node.addGamma());
            memory.gradient().write(beta, kernel.betaGradient(), 0, channels, node.addBeta());
        };
    }

    private static Buffer defined(Lowering lowering, Value value) {
        return value == null ? null : lowering.define(value);
    }

    private static Floats floats(ReplicaMemory memory, Buffer buffer) {
        return buffer == null ? null : memory.floats(buffer);
    }

    private static String label(Norm node, String direction) {
        return (node.settings().silu() ? "group norm + SiLU" : "group norm") + direction;
    }
}
