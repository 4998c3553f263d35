package org.patchdiffusion.model.engine.fuzz;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Decides between two gradients by the definition of a derivative, in float64. */
final class FiniteDifference {
    private static final double STEP = 1e-5;

    private FiniteDifference() {}

    /**
     * Three derivatives of the loss along the difference of the two gradients.
     *
     * @param measured by the definition
     */
    record Verdict(double measured, double stock, double engine) {

        /** Whether it is stock SameDiff that is wrong. */
        boolean engineIsRight() {
            return Math.abs(measured - engine) < 1e-3 * Math.abs(stock - engine);
        }

        @Override
        public String toString() {
            return String.format(
                    "derivative along their difference %.6g, stock SameDiff %.6g, the engine %.6g",
                    measured, stock, engine);
        }
    }

    static Verdict judge(Recipe recipe, int parameter, INDArray stock, INDArray engine) {
        INDArray got = engine.castTo(DataType.DOUBLE);
        INDArray direction = got.sub(stock);
        direction.divi(direction.norm2Number().doubleValue());
        try {
            double up = new Reference(recipe).loss(parameter, direction.mul(STEP));
            double down = new Reference(recipe).loss(parameter, direction.mul(-STEP));
            return new Verdict((up - down) / (2 * STEP), dot(stock, direction), dot(got, direction));
        } catch (Reference.NotRunnableException e) {
            throw new IllegalStateException(e);
        }
    }

    private static double dot(INDArray a, INDArray b) {
        return a.mul(b).sumNumber().doubleValue();
    }
}
