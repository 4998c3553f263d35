package org.patchdiffusion.model.engine.compiled.lower;

import java.util.Arrays;
import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.SpreadBatch;
import org.patchdiffusion.model.engine.compiled.ir.SpreadImage;
import org.patchdiffusion.model.engine.compiled.ir.SumBatch;
import org.patchdiffusion.model.engine.compiled.ir.SumImage;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Tiles;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** Sums over images and over the batch, and the nodes that give their gradients back to every place. */
final class SumLowerings {

    private SumLowerings() {}

    static void sumImage(Lowering lowering, SumImage node) {
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        long perImage = node.x().physicalElements();
        lowering.step("sum over an image", Step.Kind.POINTWISE, 0, List.of(x), List.of(y), memory -> {
            Floats in = memory.floats(x);
            Floats out = memory.floats(y);
            float[] tile = lowering.tiles().x;
            return () -> {
                for (int image = 0; image < lowering.batch(); image++) {
                    double sum = 0;
                    for (long i = 0; i < perImage; i += Tiles.SIZE) {
                        int n = (int) Math.min(Tiles.SIZE, perImage - i);
                        in.get(image * perImage + i, tile, 0, n);
                        for (int k = 0; k < n; k++) {
                            sum += tile[k];
                        }
                    }
                    out.put(image, (float) (sum * node.factor()));
                }
            };
        });
    }

    static void spreadImage(Lowering lowering, SpreadImage node) {
        Buffer number = lowering.of(node.x());
        Buffer target = lowering.define(node.output());
        long perImage = node.output().physicalElements();
        lowering.step("spread over an image", Step.Kind.POINTWISE, 0, List.of(number), List.of(target), memory -> {
            Floats numbers = memory.floats(number);
            Floats out = memory.floats(target);
            float[] tile = lowering.tiles().x;
            return () -> {
                for (int image = 0; image < lowering.batch(); image++) {
                    Arrays.fill(tile, numbers.get(image) * node.factor());
                    for (long i = 0; i < perImage; i += Tiles.SIZE) {
                        out.put(image * perImage + i, tile, 0, (int) Math.min(Tiles.SIZE, perImage - i));
                    }
                }
            };
        });
    }

    static void sumBatch(Lowering lowering, SumBatch node) {
        Buffer x = lowering.of(node.x());
        Buffer y =
                lowering.define(node.output(), lowering.allocate(node.output().name(), 1));
        lowering.schedule().keep(y);
        lowering.step("sum over batch", Step.Kind.POINTWISE, 0, List.of(x), List.of(y), memory -> {
            Floats in = memory.floats(x);
            Floats out = memory.floats(y);
            return () -> {
                double sum = 0;
                for (int image = 0; image < lowering.batch(); image++) {
                    sum += in.get(image);
                }
                out.put(0, (float) (sum * node.factor()));
            };
        });
    }

    static void spreadBatch(Lowering lowering, SpreadBatch node) {
        Buffer target = lowering.define(node.output());
        lowering.step("loss gradient", Step.Kind.POINTWISE, 0, List.of(), List.of(target), memory -> {
            Floats out = memory.floats(target);
            float[] row = new float[lowering.batch()];
            Arrays.fill(row, (float) node.number());
            return () -> out.put(0, row, 0, row.length);
        });
    }
}
