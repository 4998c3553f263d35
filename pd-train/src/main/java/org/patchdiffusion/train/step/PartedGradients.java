package org.patchdiffusion.train.step;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.patchdiffusion.model.engine.Gradients;

/**
 * Computes each batch in parts, one after another, and adds up their gradients: the memory is that of one part, the result
 * that of the whole batch up to rounding. All parts of a batch are of one patch size.
 */
final class PartedGradients implements GradientSource {

    private interface Work {
        BatchLoss on(TrainBatch part, boolean first);
    }

    private final GradientSource source;
    private final int parts;

    /**
     * Over another source.
     *
     * @param source computes the parts; closed with this
     * @param parts how many, at least 1 and at most the images of a batch; they differ by at most one image
     */
    PartedGradients(GradientSource source, int parts) {
        this.source = source;
        this.parts = parts;
    }

    @Override
    public Gradients newGradients() {
        return newAccumulator();
    }

    @Override
    public Gradients newAccumulator() {
        return source.newAccumulator();
    }

    @Override
    public BatchLoss compute(TrainBatch batch, long step, Gradients gradients) {
        return sum(
                batch,
                (part, first) ->
                        first ? source.compute(part, step, gradients) : source.accumulate(part, step, gradients));
    }

    @Override
    public BatchLoss accumulate(TrainBatch batch, long step, Gradients gradients) {
        return sum(batch, (part, first) -> source.accumulate(part, step, gradients));
    }

    private BatchLoss sum(TrainBatch batch, Work work) {
        long images = batch.size();
        double mean = 0;
        DoubleStream perImage = DoubleStream.empty();
        for (int i = 0; i < parts; i++) {
            try (BatchPart part = BatchPart.of(batch, (int) (images * i / parts), (int) (images * (i + 1) / parts))) {
                BatchLoss loss = work.on(part.batch(), i == 0);
                mean += loss.mean();
                double share = part.share();
                perImage = DoubleStream.concat(
                        perImage, Arrays.stream(loss.perImage()).map(one -> one / share));
            }
        }
        return new BatchLoss(mean, perImage.toArray());
    }

    @Override
    public void close() {
        source.close();
    }
}
