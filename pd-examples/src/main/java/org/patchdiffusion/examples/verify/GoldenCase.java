package org.patchdiffusion.examples.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.io.Npz;

/**
 * A reference case: {@code NAME.npz} and {@code NAME.json} in a folder.
 *
 * @param folder where it lies
 * @param name its name
 * @param settings content of the JSON file
 * @param arrays content of the NumPy file, by name
 */
record GoldenCase(Path folder, String name, JsonNode settings, Map<String, INDArray> arrays) implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Reads a case.
     *
     * @throws IOException if one of the files is missing or damaged
     */
    static GoldenCase read(Path folder, String name) throws IOException {
        Path json = folder.resolve(name + ".json");
        if (!Files.isRegularFile(json)) {
            throw new IOException(json + " is missing");
        }
        Path npz = folder.resolve(name + ".npz");
        if (!Files.isRegularFile(npz)) {
            throw new IOException(npz + " is missing");
        }
        JsonNode settings;
        try {
            settings = JSON.readTree(json.toFile());
        } catch (JsonProcessingException e) {
            throw new IOException(json + " is not valid JSON: " + Messages.jsonFault(e.getOriginalMessage()), e);
        }
        return new GoldenCase(folder, name, settings, Npz.read(npz));
    }

    /** Whether there is an array of that name. */
    boolean has(String key) {
        return arrays.containsKey(key);
    }

    /**
     * An array.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    INDArray array(String key) {
        INDArray array = arrays.get(key);
        if (array == null) {
            throw new IllegalArgumentException("the array " + key + " is missing");
        }
        return array;
    }

    /** An array's values in row-major order, as float64. */
    double[] doubles(String key) {
        return Errors.doubles(array(key));
    }

    /** An array in float32. The caller owns it only if it had another type. */
    INDArray floats(String key) {
        INDArray array = array(key);
        return array.dataType() == DataType.FLOAT ? array : array.castTo(DataType.FLOAT);
    }

    /**
     * A setting.
     *
     * @throws IllegalArgumentException if it is missing
     */
    JsonNode setting(String key) {
        JsonNode value = settings.get(key);
        if (value == null) {
            throw new IllegalArgumentException("the setting " + key + " is missing");
        }
        return value;
    }

    /** A setting that holds named values, as plain Java values. */
    Map<String, Object> map(String key) {
        Map<String, Object> values = new HashMap<>();
        setting(key)
                .fields()
                .forEachRemaining(f -> values.put(f.getKey(), JSON.convertValue(f.getValue(), Object.class)));
        return values;
    }

    @Override
    public void close() {
        arrays.values().forEach(INDArray::close);
    }
}
