package org.patchdiffusion.model.io;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;

/**
 * The one place that knows how the official state dict and the flat buffer differ: convolution kernels are
 * {@code [out, in, kH, kW]} there and {@code [kH, kW, in, out]} here, and the state dict also lists the fixed
 * resampling filters.
 */
public final class OfficialLayout {
    private static final Set<DataType> FLOATS =
            Set.of(DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16, DataType.BFLOAT16);

    private OfficialLayout() {}

    /**
     * Reads the parameters of a model from a file with official names and shapes. Elements may be float32, float64,
     * float16 or bfloat16. What PyTorch's wrappers put before the names ({@code module.}, {@code _orig_mod.}) is passed
     * over. The resampling filters may be missing; if they are there, they must be those of the
     * configuration.
     *
     * @throws IOException if names, shapes or types differ from what the configuration asks for (all differences are
     *     listed), the data is damaged, or a value is not finite
     */
    public static Parameters read(TensorFile file, ModelConfig config) throws IOException {
        ParameterLayout layout = DiffusionModel.layout(config);
        Map<String, String> saved =
                SavedNames.byOwnName(file.file(), file.tensors().keySet());
        check(file, saved, config, layout);
        Parameters parameters = Parameters.zeros(layout);
        try {
            for (ParameterLayout.Entry entry : layout.entries()) {
                try (INDArray official = readFloats(file, saved.get(entry.name()))) {
                    parameters.view(entry.name()).assign(entry.isKernel() ? official.permute(2, 3, 1, 0) : official);
                }
            }
            return parameters;
        } catch (IOException | RuntimeException e) {
            parameters.flat().close();
            throw e;
        }
    }

    private static void check(TensorFile file, Map<String, String> saved, ModelConfig config, ParameterLayout layout)
            throws IOException {
        Map<String, TensorInfo> infos = file.tensors();
        LayoutMismatch mismatch = new LayoutMismatch();
        Set<String> filters = new HashSet<>(ResampleFilters.names(config.network()));
        for (ParameterLayout.Entry entry : layout.entries()) {
            TensorInfo info = infos.get(saved.get(entry.name()));
            List<Long> wanted = Arrays.stream(entry.officialShape()).boxed().toList();
            if (info == null) {
                mismatch.missing(entry.name());
            } else if (!info.shape().equals(wanted) || !FLOATS.contains(info.type())) {
                mismatch.different(entry.name(), info, wanted);
            }
        }
        for (String name : saved.keySet()) {
            if (filters.contains(name)) {
                checkFilter(file, saved.get(name), config);
            } else if (layout.find(name).isEmpty()) {
                mismatch.unexpected(name);
            }
        }
        if (!mismatch.isEmpty()) {
            throw new IOException("the tensors of " + file.file() + " do not fit the model configuration: " + mismatch);
        }
    }

    private static void checkFilter(TensorFile file, String name, ModelConfig config) throws IOException {
        INDArray wanted = ResampleFilters.value(config.network());
        List<Long> shape = file.tensors().get(name).shape();
        boolean same = shape.equals(Arrays.stream(wanted.shape()).boxed().toList());
        if (same) {
            try (INDArray got = readFloats(file, name)) {
                same = wanted.equalsWithEps(got, 1e-6);
            }
        }
        if (!same) {
            throw new IOException(file.file() + ": the filter " + name + " is not the one of the configuration, "
                    + config.network().resampleFilter());
        }
    }

    private static INDArray readFloats(TensorFile file, String name) throws IOException {
        INDArray array = file.read(name);
        if (array.dataType() != DataType.FLOAT) {
            INDArray converted = array.castTo(DataType.FLOAT);
            array.close();
            array = converted;
        }
        if (!ArrayBytes.isFinite(array)) {
            array.close();
            throw new IOException(file.file() + ": tensor " + name + " holds values that are not finite numbers");
        }
        return array;
    }

    /**
     * The official state dict of a model: all tensors under their official names in their official shapes, including
     * the resampling filters. Parameters are views of the flat buffer, so nothing large is copied.
     */
    public static Map<String, INDArray> tensors(ModelConfig config, Parameters parameters) {
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        Set<String> filters = new HashSet<>(ResampleFilters.names(config.network()));
        INDArray filter = ResampleFilters.value(config.network());
        for (ParameterLayout.Entry entry : parameters.layout().entries()) {
            INDArray view = parameters.view(entry.name());
            tensors.put(entry.name(), entry.isKernel() ? view.permute(3, 2, 0, 1) : view);
            // PyTorch lists a module's buffers behind its parameters, of which the bias is the last.
            String behind = entry.name().replaceFirst("\\.bias$", ResampleFilters.SUFFIX);
            if (filters.remove(behind)) {
                tensors.put(behind, filter);
            }
        }
        ResampleFilters.names(config.network()).forEach(name -> tensors.putIfAbsent(name, filter));
        return tensors;
    }
}
