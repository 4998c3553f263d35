package org.patchdiffusion.model.io;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.UNetConfig;

/**
 * The fixed up- and downsampling filters, which the official state dict lists as buffers of the modules that resample.
 * They follow from the configuration, so a model here does not store them.
 */
final class ResampleFilters {
    static final String SUFFIX = ".resample_filter";

    private ResampleFilters() {}

    /** Official names of all filters of a network. */
    static List<String> names(UNetConfig network) {
        List<String> modules = new ArrayList<>();
        for (int level = 1; level < network.levels(); level++) {
            String encoder = "model.enc." + side(network, level);
            modules.add(encoder + "_down.conv0");
            modules.add(encoder + "_down.skip");
            switch (network.encoder()) {
                case SKIP -> modules.add(encoder + "_aux_down");
                case RESIDUAL -> modules.add(encoder + "_aux_residual");
                case STANDARD -> {}
            }
        }
        for (int level = network.levels() - 2; level >= 0; level--) {
            String decoder = "model.dec." + side(network, level);
            modules.add(decoder + "_up.conv0");
            modules.add(decoder + "_up.skip");
            if (network.decoder() == UNetConfig.DecoderKind.SKIP) {
                modules.add(decoder + "_aux_up");
            }
        }
        return modules.stream().map(module -> module + SUFFIX).toList();
    }

    private static String side(UNetConfig network, int level) {
        int side = network.resolution() >> level;
        return side + "x" + side;
    }

    /** The filter as the official modules hold it: the outer product with itself, of sum 1, {@code [1, 1, n, n]}. */
    static INDArray value(UNetConfig network) {
        List<Integer> taps = network.resampleFilter();
        double sum = taps.stream().mapToInt(Integer::intValue).sum();
        INDArray filter = Nd4j.create(DataType.FLOAT, 1, 1, taps.size(), taps.size());
        for (int y = 0; y < taps.size(); y++) {
            for (int x = 0; x < taps.size(); x++) {
                filter.putScalar(new int[] {0, 0, y, x}, taps.get(y) * taps.get(x) / (sum * sum));
            }
        }
        return filter;
    }
}
