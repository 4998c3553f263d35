package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.Concat;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Bfloats;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Tiles;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** Concatenation of tensors in blocks of channels and its undoing: whole blocks are copied. */
final class ConcatLowering {

    private ConcatLowering() {}

    static void forward(Lowering lowering, Concat node) {
        List<Buffer> parts = node.parts().stream().map(lowering::of).toList();
        Buffer whole = lowering.define(node.output());
        if (node.output().layout() == Value.Layout.CHANNELS_LAST) {
            lowering.step("concat", Step.Kind.REORDER, 0, parts, List.of(whole), memory -> {
                ChannelsLastConcat pixels = new ChannelsLastConcat(node.parts(), lowering.batch());
                Bfloats target = memory.bfloats(whole);
                List<Bfloats> sources = parts.stream().map(memory::bfloats).toList();
                return () -> pixels.join(sources, target);
            });
            return;
        }
        lowering.step("concat", Step.Kind.REORDER, 0, parts, List.of(whole), memory -> {
            Floats target = memory.floats(whole);
            List<Floats> sources = parts.stream().map(memory::floats).toList();
            float[] tile = new float[Tiles.SIZE];
            return () -> forEachTile(lowering.batch(), node.parts(), (part, at, place, n) -> {
                sources.get(part).get(at, tile, 0, n);
                target.put(place, tile, 0, n);
            });
        });
    }

    static void gradient(Lowering lowering, Concat.Gradient node) {
        Buffer dy = lowering.of(node.dy());
        List<Buffer> targets = node.outputs().stream().map(lowering::define).toList();
        if (node.dy().layout() == Value.Layout.CHANNELS_LAST) {
            lowering.step("concat backward", Step.Kind.REORDER, 0, List.of(dy), targets, memory -> {
                ChannelsLastConcat pixels = new ChannelsLastConcat(node.outputs(), lowering.batch());
                Bfloats source = memory.bfloats(dy);
                List<Bfloats> parts = targets.stream().map(memory::bfloats).toList();
                return () -> pixels.split(source, parts);
            });
            return;
        }
        lowering.step("concat backward", Step.Kind.REORDER, 0, List.of(dy), targets, memory -> {
            Floats source = memory.floats(dy);
            List<Floats> parts = targets.stream().map(memory::floats).toList();
            float[] tile = new float[Tiles.SIZE];
            return () -> forEachTile(lowering.batch(), node.outputs(), (part, at, place, n) -> {
                source.get(place, tile, 0, n);
                parts.get(part).put(at, tile, 0, n);
            });
        });
    }

    private interface TileVisitor {
        /** {@code n} floats at {@code at} of a part are those at {@code place} of the whole. */
        void visit(int part, long at, long place, int n);
    }

    private static void forEachTile(int batch, List<Value> parts, TileVisitor visitor) {
        long place = 0;
        for (int image = 0; image < batch; image++) {
            for (int part = 0; part < parts.size(); part++) {
                long floats = parts.get(part).physicalElements();
                for (long i = 0; i < floats; i += Tiles.SIZE) {
                    int n = (int) Math.min(Tiles.SIZE, floats - i);
                    visitor.visit(part, image * floats + i, place + i, n);
                }
                place += floats;
            }
        }
    }
}
