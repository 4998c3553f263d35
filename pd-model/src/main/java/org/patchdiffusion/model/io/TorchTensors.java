package org.patchdiffusion.model.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The tensors of a PyTorch file by name, in the order of the file.
 *
 * @param file the file, for messages
 */
record TorchTensors(Path file, Map<String, TorchTensor> byName) {

    Map<String, TensorInfo> infos() {
        Map<String, TensorInfo> infos = new LinkedHashMap<>();
        byName.forEach((name, tensor) -> infos.put(name, tensor.info()));
        return Collections.unmodifiableMap(infos);
    }

    INDArray read(String name) throws IOException {
        TorchTensor tensor = byName.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(file + " has no tensor named " + name);
        }
        return tensor.read();
    }
}
