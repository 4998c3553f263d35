package org.patchdiffusion.eval.sample;

import java.util.Arrays;
import java.util.List;

/**
 * The coefficients of one step of UniPC (Zhao et al. 2023, section 3) with alpha = 1, in the time lambda = -log sigma.
 *
 * @param rest what is left of the images: the ratio of the noise levels
 * @param ratios places of the older estimates, (lambda_i - lambda_0) / h: negative
 * @param predictor weights of the differences of older estimates from the newest, with the sign of their part in x
 * @param corrector the same, and last that of the estimate at the end of the step
 */
record UniPcStep(double rest, double[] ratios, double[] predictor, double[] corrector) {

    /**
     * Solves for the coefficients.
     *
     * @param levels noise levels at the end and the start of the step, and at the starts of the steps before it
     */
    static UniPcStep of(UniPcSampler.Variant variant, List<Double> levels) {
        int order = levels.size() - 1;
        double rest = levels.get(0) / levels.get(1);
        double h = -Math.log(rest);
        double[] ratios = new double[order];
        for (int k = 0; k < order - 1; k++) {
            ratios[k] = -Math.log(levels.get(k + 2) / levels.get(1)) / h;
        }
        ratios[order - 1] = 1;
        double b = variant == UniPcSampler.Variant.B1 ? -h : Math.expm1(-h);
        double[] moments = moments(-h, b, order);
        // For one unknown the authors take 1/2, the limit of small steps.
        double[] predictor = order == 2
                ? new double[] {0.5}
                : solve(Arrays.copyOf(ratios, order - 1), Arrays.copyOf(moments, order - 1));
        double[] corrector = order == 1 ? new double[] {0.5} : solve(ratios, moments);
        return new UniPcStep(rest, Arrays.copyOf(ratios, order - 1), scaled(predictor, -b), scaled(corrector, -b));
    }

    int order() {
        return corrector.length;
    }

    double ratio(int older) {
        return ratios[older];
    }

    /** k! phi_{k+1}(h) h / B(h) for k = 1 and up, where phi_{k+1}(h) = (phi_k(h) - 1 / k!) / h. */
    private static double[] moments(double h, double b, int order) {
        double[] moments = new double[order];
        double phi = Math.expm1(h) / h - 1;
        double factorial = 1;
        for (int k = 1; k <= order; k++) {
            moments[k - 1] = phi * factorial / b;
            factorial *= k + 1;
            phi = phi / h - 1 / factorial;
        }
        return moments;
    }

    /** Solves sum_j ratios[j]^i w[j] = moments[i], i from 0, by elimination; the ratios differ, so it has one solution. */
    private static double[] solve(double[] ratios, double[] moments) {
        int n = ratios.length;
        double[][] rows = new double[n][n + 1];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                rows[i][j] = Math.pow(ratios[j], i);
            }
            rows[i][n] = moments[i];
        }
        for (int pivot = 0; pivot < n; pivot++) {
            for (int i = 0; i < n; i++) {
                double factor = i == pivot ? 0 : rows[i][pivot] / rows[pivot][pivot];
                for (int j = pivot; j <= n && factor != 0; j++) {
                    rows[i][j] -= factor * rows[pivot][j];
                }
            }
        }
        double[] solution = new double[n];
        for (int i = 0; i < n; i++) {
            solution[i] = rows[i][n] / rows[i][i];
        }
        return solution;
    }

    private static double[] scaled(double[] values, double factor) {
        return Arrays.stream(values).map(value -> value * factor).toArray();
    }
}
