package org.patchdiffusion.model.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The exact content of arrays, for comparisons bit by bit (equality of ND4J arrays has a tolerance). */
final class Bytes {
    private Bytes() {}

    /** The elements in row-major order. */
    static byte[] of(INDArray array) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ArrayBytes.write(array, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
