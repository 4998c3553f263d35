package org.patchdiffusion.model.testing;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.io.Npz;
import org.patchdiffusion.model.io.OfficialSettings;

/** One reference case: arrays computed by the official implementation in float64, and the settings that go with them. */
public record Golden(Map<String, Object> settings, Map<String, INDArray> arrays) {

    /** Every reference case of a U-Net. */
    public static final List<String> UNETS = List.of(
            "unet-ddpmpp",
            "unet-ncsnpp",
            "unet-skip",
            "unet-adm",
            "unet-adm-heads",
            "unet-ddpmpp-cond-augment",
            "unet-adm-cond",
            "unet-ddpmpp-implicit-mlp");

    public static Golden read(String name) {
        Path folder = Path.of("src/test/resources/golden");
        try {
            Map<String, Object> settings =
                    new ObjectMapper().readValue(folder.resolve(name + ".json").toFile(), new TypeReference<>() {});
            return new Golden(settings, Npz.read(folder.resolve(name + ".npz")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public INDArray array(String name) {
        INDArray array = arrays.get(name);
        if (array == null) {
            throw new IllegalArgumentException("no array is named " + name);
        }
        return array;
    }

    public double[] doubles(String name) {
        return array(name).castTo(DataType.DOUBLE).ravel().toDoubleVector();
    }

    /** The model of a U-Net case, with its weights. */
    public DiffusionModel model() {
        ModelConfig config = OfficialSettings.toConfig("Patch_EDMPrecond", network(), Map.of());
        Parameters parameters = Parameters.zeros(DiffusionModel.layout(config));
        for (ParameterLayout.Entry entry : parameters.layout().entries()) {
            parameters.view(entry.name()).assign(stored(entry, array("param." + entry.name())));
        }
        return DiffusionModel.of(config, parameters);
    }

    private Map<String, Object> network() {
        Map<String, Object> arguments = new HashMap<>();
        ((Map<?, ?>) settings.get("network")).forEach((key, value) -> arguments.put((String) key, value));
        return arguments;
    }

    /** An array in official axes, with the axes of the stored parameter. */
    public static INDArray stored(ParameterLayout.Entry entry, INDArray official) {
        return entry.isKernel() ? official.permute(2, 3, 1, 0) : official;
    }

    /** ||got - want|| / ||want|| over the whole array, in float64. */
    public static double relativeError(INDArray got, INDArray want) {
        INDArray exact = want.castTo(DataType.DOUBLE);
        double norm = exact.norm2Number().doubleValue();
        return got.castTo(DataType.DOUBLE).sub(exact).norm2Number().doubleValue() / norm;
    }
}
