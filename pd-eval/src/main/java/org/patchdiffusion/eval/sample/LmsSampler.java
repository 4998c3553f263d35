package org.patchdiffusion.eval.sample;

import java.util.ArrayDeque;
import java.util.Deque;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The linear multistep method (Adams and Bashforth) along sigma(t) = t: the slope's polynomial through the last steps is
 * integrated exactly. One evaluation a step.
 *
 * @param order how many slopes are used, 1 to 4
 */
public record LmsSampler(int order) implements Sampler {
    private static final int MOST = 4;

    /**
     * Checks the order.
     *
     * @throws IllegalArgumentException if it is not 1 to 4
     */
    public LmsSampler {
        Settings.require(order >= 1 && order <= MOST, "order", order, "1 to " + MOST);
    }

    /** The fourth-order method. */
    public LmsSampler() {
        this(MOST);
    }

    @Override
    public void walk(Trajectory trajectory) {
        Deque<INDArray> slopes = new ArrayDeque<>();
        for (int i = 0; i < trajectory.steps(); i++) {
            INDArray denoised = trajectory.denoise(trajectory.level(i));
            INDArray slope = slopes.size() < order ? trajectory.newArray() : slopes.removeLast();
            trajectory.x().sub(denoised, slope).divi(trajectory.level(i));
            slopes.addFirst(slope);
            int j = 0;
            for (INDArray past : slopes) {
                trajectory.add(weight(trajectory, i, slopes.size(), j), past);
                j++;
            }
            trajectory.stepDone(i, denoised);
        }
    }

    /** Integral over step {@code i} of the Lagrange polynomial that is 1 at level {@code i - j} and 0 at the other levels. */
    private static double weight(Trajectory trajectory, int i, int count, int j) {
        double own = trajectory.level(i - j);
        double start = trajectory.level(i);
        // Coefficients in powers of (sigma - start): the levels are near to it, so nothing cancels.
        double[] polynomial = {1};
        for (int k = 0; k < count; k++) {
            if (k != j) {
                double root = trajectory.level(i - k) - start;
                polynomial = timesRoot(polynomial, root, own - trajectory.level(i - k));
            }
        }
        double end = trajectory.level(i + 1) - start;
        double integral = 0;
        for (int power = polynomial.length - 1; power >= 0; power--) {
            integral = (integral + polynomial[power] / (power + 1)) * end;
        }
        return integral;
    }

    /** Coefficients of polynomial · (s - root) / scale. */
    private static double[] timesRoot(double[] polynomial, double root, double scale) {
        double[] product = new double[polynomial.length + 1];
        for (int power = 0; power < polynomial.length; power++) {
            product[power + 1] += polynomial[power] / scale;
            product[power] -= root * polynomial[power] / scale;
        }
        return product;
    }
}
