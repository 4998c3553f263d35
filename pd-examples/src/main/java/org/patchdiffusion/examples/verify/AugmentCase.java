package org.patchdiffusion.examples.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.data.augment.AugmentPipeline;
import org.patchdiffusion.data.augment.Augmentation;

/** The augmentation pipeline with its recorded draws: images and labels. */
final class AugmentCase implements CaseKind {
    private static final double BAR = 1e-4;

    @Override
    public String prefix() {
        return "augment";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        JsonNode cases = golden.settings().path("cases");
        Iterator<String> names = cases.fieldNames();
        return names.hasNext() && golden.has(names.next() + ".draw00");
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) {
        List<Check> checks = new ArrayList<>();
        golden.setting("cases")
                .fields()
                .forEachRemaining(c -> compare(golden, c.getKey(), config(c.getValue()), checks));
        return checks;
    }

    private static AugmentConfig config(JsonNode settings) {
        Map<Augmentation, Double> multipliers = new EnumMap<>(Augmentation.class);
        settings.fields().forEachRemaining(f -> {
            if (!f.getKey().equals("p")) {
                multipliers.put(Augmentation.byName(f.getKey()), f.getValue().doubleValue());
            }
        });
        return new AugmentConfig(settings.path("p").doubleValue(), multipliers);
    }

    private static void compare(GoldenCase golden, String name, AugmentConfig config, List<Check> checks) {
        INDArray images = golden.floats(name + ".images");
        int count = (int) images.size(0);
        int channels = (int) images.size(1);
        int height = (int) images.size(2);
        int width = (int) images.size(3);
        float[] values = images.dup('c').data().asFloat();
        AugmentPipeline pipeline = AugmentPipeline.of(config, channels);
        float[] labels = new float[count * pipeline.labelDim()];
        for (int i = 0; i < count; i++) {
            pipeline.apply(
                    values,
                    i * channels * height * width,
                    channels,
                    height,
                    width,
                    RecordedDraws.of(golden, name + ".", i, count),
                    labels,
                    i * pipeline.labelDim());
        }
        checks.add(largest(name + ".out", values, golden));
        checks.add(largest(name + ".labels", labels, golden));
    }

    private static Check largest(String key, float[] got, GoldenCase golden) {
        double[] want = golden.doubles(key);
        if (want.length != got.length) {
            throw new IllegalArgumentException(key + " holds " + want.length + " values, expected " + got.length);
        }
        double error = 0;
        for (int i = 0; i < got.length; i++) {
            // A value that is no number must not pass as no error.
            double off = Math.abs(got[i] - want[i]);
            error = Double.isNaN(off) ? Double.POSITIVE_INFINITY : Math.max(error, off);
        }
        return new Check(key + " (largest absolute error)", error, BAR);
    }
}
