package org.patchdiffusion.model.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Named tensors in a file, read one at a time so that a large model never stands in memory twice. What is known of
 * them has been checked against the size of the file when it was opened. Not thread-safe.
 */
public interface TensorFile extends Closeable {

    /** The file, for messages. */
    Path file();

    /** All tensors by name, in the order of the file. */
    Map<String, TensorInfo> tensors();

    /**
     * Reads one tensor.
     *
     * @return a new row-major array of the file's own element type and shape
     * @throws IOException if the data is damaged
     * @throws IllegalArgumentException if no tensor has that name
     */
    INDArray read(String name) throws IOException;
}
