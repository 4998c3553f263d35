package org.patchdiffusion.data.augment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.io.Npz;

class GoldenAugmentTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");

    private static AugmentConfig config(String name) throws IOException {
        JsonNode settings = new ObjectMapper()
                .readTree(FOLDER.resolve("augment.json").toFile())
                .get("cases")
                .get(name);
        Map<Augmentation, Double> multipliers = new EnumMap<>(Augmentation.class);
        settings.fields().forEachRemaining(f -> {
            if (!f.getKey().equals("p")) {
                multipliers.put(Augmentation.byName(f.getKey()), f.getValue().doubleValue());
            }
        });
        return new AugmentConfig(settings.get("p").doubleValue(), multipliers);
    }

    /** Value k of an image's part of a draw stands at k * images + image. */
    private static GivenDraws draws(Map<String, INDArray> arrays, String name, int image, int images) {
        List<Double> draws = new ArrayList<>();
        for (int d = 0; arrays.containsKey(String.format("%s.draw%02d", name, d)); d++) {
            double[] all = arrays.get(String.format("%s.draw%02d", name, d))
                    .dup('c')
                    .data()
                    .asDouble();
            for (int k = 0; k < all.length / images; k++) {
                draws.add(all[k * images + image]);
            }
        }
        return new GivenDraws(draws);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train-p0.12",
                "train-p1",
                "xflip",
                "yflip",
                "rotate_int",
                "translate_int",
                "scale",
                "rotate_frac",
                "aniso",
                "translate_frac",
                "colour"
            })
    void imagesAndLabelsAreTheReference(String name) throws IOException {
        Map<String, INDArray> arrays = Npz.read(FOLDER.resolve("augment.npz"));
        float[] images = arrays.get(name + ".images").data().asFloat();
        float[] expectedLabels = arrays.get(name + ".labels").data().asFloat();
        AugmentPipeline pipeline = AugmentPipeline.of(config(name), 3);
        int count = 6;
        assertEquals(expectedLabels.length / count, pipeline.labelDim());
        float[] labels = new float[expectedLabels.length];
        for (int i = 0; i < count; i++) {
            GivenDraws draws = draws(arrays, name, i, count);
            pipeline.apply(images, i * 768, 3, 16, 16, draws, labels, i * pipeline.labelDim());
            assertTrue(draws.usedUp());
        }
        assertArrayEquals(expectedLabels, labels, 1e-6f);
        // The reference computes its filters in float32, so that values near 1 carry errors of some 1e-5.
        assertArrayEquals(arrays.get(name + ".out").data().asFloat(), images, 5e-5f);
    }

    @Test
    void theTrainingSettingsAreTheReference() throws IOException {
        assertEquals(config("train-p0.12"), AugmentConfig.training(0.12));
        assertEquals(9, AugmentConfig.training(0).labelDim());
    }
}
