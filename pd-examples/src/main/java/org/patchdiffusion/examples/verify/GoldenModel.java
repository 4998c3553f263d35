package org.patchdiffusion.examples.verify;

import java.util.Arrays;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.io.OfficialSettings;

/** Makes models of the weights in reference cases. */
final class GoldenModel {
    private static final String PATCH_EDM = "Patch_EDMPrecond";

    private GoldenModel() {}

    /** The model whose arguments stand in the setting {@code network} and whose weights in {@code param.*}. */
    static DiffusionModel of(GoldenCase golden) {
        return of(golden, "network", "param.");
    }

    /**
     * The model of a case.
     *
     * @param settingsKey the setting with the network's arguments by official name
     * @param prefix what the names of the weights begin with
     * @throws IllegalArgumentException if a weight is missing or has another shape
     */
    static DiffusionModel of(GoldenCase golden, String settingsKey, String prefix) {
        Map<String, Object> network = golden.map(settingsKey);
        if (golden.settings().has("sigma_data")) {
            network.put("sigma_data", golden.settings().get("sigma_data").asDouble());
        }
        String preconditioning = golden.settings().path("precond").asText(PATCH_EDM);
        ModelConfig config = OfficialSettings.toConfig(preconditioning, network, Map.of());
        Parameters parameters = Parameters.zeros(DiffusionModel.layout(config));
        for (ParameterLayout.Entry entry : parameters.layout().entries()) {
            INDArray official = golden.array(prefix + entry.name());
            if (!Arrays.equals(official.shape(), entry.officialShape())) {
                throw new IllegalArgumentException("the array " + prefix + entry.name() + " has the shape "
                        + Arrays.toString(official.shape()) + ", expected " + Arrays.toString(entry.officialShape()));
            }
            parameters.view(entry.name()).assign(stored(entry, official));
        }
        return DiffusionModel.of(config, parameters);
    }

    /** An array in official axes, with the axes of the stored parameter. */
    static INDArray stored(ParameterLayout.Entry entry, INDArray official) {
        return entry.isKernel() ? official.permute(2, 3, 1, 0) : official;
    }
}
