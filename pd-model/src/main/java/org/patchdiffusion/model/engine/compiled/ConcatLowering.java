package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** Concatenation of blocked tensors: whole blocks are copied. */
final class ConcatLowering implements NodeLowering {
    private final Lowering lowering;
    private final Node.Concat node;

    ConcatLowering(Lowering lowering, Node.Concat node) {
        this.lowering = lowering;
        this.node = node;
    }

    @Override
    public void forward() {
        List<Buffer> parts = node.parts().stream().map(lowering::of).toList();
        Buffer whole = lowering.define(node.output());
        lowering.step("concat", Step.Kind.REORDER, 0, parts, List.of(whole), memory -> {
            FloatBuffer target = memory.floats(whole);
            List<FloatBuffer> sources = parts.stream().map(memory::floats).toList();
            return () -> forEachPart(
                    (image, part, floats, offset) -> target.put(offset, sources.get(part), image * floats, floats));
        });
    }

    @Override
    public void backward() {
        Buffer dy = lowering.gradient(node.output());
        List<Buffer> targets = new ArrayList<>();
        for (Value part : node.parts()) {
            targets.add(lowering.allocate("d " + part.name, part));
        }
        lowering.step("concat backward", Step.Kind.REORDER, 0, List.of(dy), targets, memory -> {
            FloatBuffer source = memory.floats(dy);
            List<FloatBuffer> parts = targets.stream().map(memory::floats).toList();
            return () -> forEachPart(
                    (image, part, floats, offset) -> parts.get(part).put(image * floats, source, offset, floats));
        });
        for (int i = 0; i < targets.size(); i++) {
            if (node.parts().get(i).differentiable) {
                lowering.contribute(node.parts().get(i), targets.get(i));
            }
        }
    }

    private interface PartVisitor {
        void visit(int image, int part, int floats, int offset);
    }

    private void forEachPart(PartVisitor visitor) {
        int offset = 0;
        for (int image = 0; image < lowering.batch(); image++) {
            for (int part = 0; part < node.parts().size(); part++) {
                int floats = node.parts().get(part).floatsPerImage();
                visitor.visit(image, part, floats, offset);
                offset += floats;
            }
        }
    }
}
