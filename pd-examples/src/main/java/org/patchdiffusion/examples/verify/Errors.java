package org.patchdiffusion.examples.verify;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Distances between arrays, in float64. */
final class Errors {

    private Errors() {}

    /** ||got - want|| / ||want|| over the whole array; infinite if the shapes differ. */
    static double relative(INDArray got, INDArray want) {
        if (!Arrays.equals(got.shape(), want.shape())) {
            return Double.POSITIVE_INFINITY;
        }
        return relative(doubles(got), doubles(want));
    }

    /** ||got - want|| / ||want||; infinite if the lengths differ. */
    static double relative(double[] got, double[] want) {
        if (got.length != want.length) {
            return Double.POSITIVE_INFINITY;
        }
        double error = 0;
        double norm = 0;
        for (int i = 0; i < want.length; i++) {
            error += (got[i] - want[i]) * (got[i] - want[i]);
            norm += want[i] * want[i];
        }
        return ratio(Math.sqrt(error), Math.sqrt(norm));
    }

    /** The largest |got - want| / |want| of any element; infinite if the lengths differ. */
    static double largestRelative(double[] got, double[] want) {
        if (got.length != want.length) {
            return Double.POSITIVE_INFINITY;
        }
        double largest = 0;
        for (int i = 0; i < want.length; i++) {
            double error = got[i] == want[i] ? 0 : ratio(Math.abs(got[i] - want[i]), Math.abs(want[i]));
            // Not Math.max alone: an element that is no number must not get lost.
            largest = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(largest, error);
        }
        return largest;
    }

    /** Cosine of the angle between two vectors; two of zeros have the same direction, and one of another length has none. */
    static double cosine(double[] a, double[] b) {
        if (a.length != b.length) {
            return Double.NaN;
        }
        double product = 0;
        for (int i = 0; i < a.length; i++) {
            product += a[i] * b[i];
        }
        double norms = norm(a) * norm(b);
        return norm(a) == 0 && norm(b) == 0 ? 1 : product / norms;
    }

    static double norm(double[] values) {
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        return Math.sqrt(squares);
    }

    /** A quotient in which nothing off nothing is no error. */
    static double ratio(double error, double norm) {
        return error == 0 && norm == 0 ? 0 : error / norm;
    }

    /** An array's values in row-major order. */
    static double[] doubles(INDArray array) {
        try (INDArray copy = array.castTo(DataType.DOUBLE).dup('c')) {
            return copy.data().asDouble();
        }
    }
}
