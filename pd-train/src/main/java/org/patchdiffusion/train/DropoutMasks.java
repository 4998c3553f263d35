package org.patchdiffusion.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;

/** Draws dropout masks: an element is 0 with the dropout probability p, and 1 / (1 - p) otherwise, which keeps the mean. */
final class DropoutMasks {
    private DropoutMasks() {}

    /**
     * Draws the masks of one step. Each image has a stream of its own, which runs through the masks in their order.
     *
     * @param shapes shape of each mask by name, axis 0 the batch, in an order that never changes
     * @param p dropout probability, in (0, 1)
     */
    static Map<String, INDArray> draw(Map<String, long[]> shapes, double p, long seed, long step) {
        Map<String, float[]> values = new LinkedHashMap<>();
        int batch = 0;
        for (Map.Entry<String, long[]> e : shapes.entrySet()) {
            long length = 1;
            for (long dim : e.getValue()) {
                length *= dim;
            }
            values.put(e.getKey(), new float[Math.toIntExact(length)]);
            batch = (int) e.getValue()[0];
        }
        // 31 bits compared with a whole number: uniform draws without conversion to floating point.
        int threshold = (int) Math.round(p * Integer.MAX_VALUE);
        float kept = (float) (1 / (1 - p));
        for (int i = 0; i < batch; i++) {
            RandomStream random = RandomStream.of(seed, Purpose.DROPOUT, step, i);
            for (float[] mask : values.values()) {
                int perImage = mask.length / batch;
                for (int j = i * perImage; j < (i + 1) * perImage; j++) {
                    mask[j] = random.nextInt() >>> 1 < threshold ? 0 : kept;
                }
            }
        }
        Map<String, INDArray> masks = new LinkedHashMap<>();
        values.forEach((name, mask) -> masks.put(name, Nd4j.create(mask, shapes.get(name), 'c')));
        return masks;
    }
}
