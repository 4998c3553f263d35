package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Bfloats;

/** Lays the channels of tensors side by side in each pixel, and takes them apart again: pairs of numbers are copied as they are. */
final class ChannelsLastConcat {
    /** Pairs of a pixel of each part. */
    private final int[] widths;

    private final int width;
    private final int pixelsAtOnce;
    private final long steps;
    private final int[] whole;
    private final int[] part;

    ChannelsLastConcat(List<Value> parts, int batch) {
        widths = parts.stream().mapToInt(value -> value.map().physical() / 2).toArray();
        int sum = 0;
        int widest = 0;
        for (int partWidth : widths) {
            sum += partWidth;
            widest = Math.max(widest, partWidth);
        }
        width = sum;
        // A row at a time.
        pixelsAtOnce = parts.get(0).width();
        steps = (long) batch * parts.get(0).height();
        whole = new int[Math.multiplyExact(pixelsAtOnce, width)];
        part = new int[pixelsAtOnce * widest];
    }

    void join(List<Bfloats> parts, Bfloats target) {
        for (long step = 0; step < steps; step++) {
            int at = 0;
            for (int i = 0; i < widths.length; i++) {
                int n = pixelsAtOnce * widths[i];
                parts.get(i).getPairs(step * n, part, 0, n);
                for (int pixel = 0; pixel < pixelsAtOnce; pixel++) {
                    System.arraycopy(part, pixel * widths[i], whole, pixel * width + at, widths[i]);
                }
                at += widths[i];
            }
            target.putPairs(step * whole.length, whole, 0, whole.length);
        }
    }

    void split(Bfloats source, List<Bfloats> parts) {
        for (long step = 0; step < steps; step++) {
            source.getPairs(step * whole.length, whole, 0, whole.length);
            int at = 0;
            for (int i = 0; i < widths.length; i++) {
                for (int pixel = 0; pixel < pixelsAtOnce; pixel++) {
                    System.arraycopy(whole, pixel * width + at, part, pixel * widths[i], widths[i]);
                }
                int n = pixelsAtOnce * widths[i];
                parts.get(i).putPairs(step * n, part, 0, n);
                at += widths[i];
            }
        }
    }
}
