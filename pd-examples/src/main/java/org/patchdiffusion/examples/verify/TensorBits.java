package org.patchdiffusion.examples.verify;

import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.io.TensorFile;

/** Compares the tensors of a file with the {@code param.*} arrays of a case, bit for bit. */
final class TensorBits {

    private TensorBits() {}

    /** Names of the tensors in a case. */
    static Set<String> names(GoldenCase golden) {
        return golden.arrays().keySet().stream()
                .filter(key -> key.startsWith(SnapshotCase.WEIGHTS))
                .map(key -> key.substring(SnapshotCase.WEIGHTS.length()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The number of tensors that are missing, superfluous or differ in type, shape or any bit. */
    static Check compare(String what, TensorFile file, GoldenCase golden) throws IOException {
        Set<String> names = names(golden);
        int differing = 0;
        for (String name : file.tensors().keySet()) {
            differing += names.contains(name) ? 0 : 1;
        }
        for (String name : names) {
            differing += file.tensors().containsKey(name) && equal(file, name, golden) ? 0 : 1;
        }
        return new Check(what + ": tensors that differ, of " + names.size(), differing, 0);
    }

    private static boolean equal(TensorFile file, String name, GoldenCase golden) throws IOException {
        INDArray want = golden.array(SnapshotCase.WEIGHTS + name);
        try (INDArray got = file.read(name)) {
            if (got.dataType() != want.dataType() || !Arrays.equals(got.shape(), want.shape())) {
                return false;
            }
            // Through long bits: NaN equals itself, and 0 does not equal -0.
            double[] a = Errors.doubles(got);
            double[] b = Errors.doubles(want);
            for (int i = 0; i < a.length; i++) {
                if (Double.doubleToRawLongBits(a[i]) != Double.doubleToRawLongBits(b[i])) {
                    return false;
                }
            }
            return true;
        }
    }
}
