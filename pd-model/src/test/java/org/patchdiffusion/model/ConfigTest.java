package org.patchdiffusion.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.patchdiffusion.model.io.OfficialSettings;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.model.precond.Preconditioning;

class ConfigTest {

    private static ModelConfig config(UNetConfig network) {
        return new ModelConfig(network, EdmPreconditioning.standard(), network.resolution(), network.resolution());
    }

    private static void refused(Executable executable, String... parts) {
        String message =
                assertThrows(IllegalArgumentException.class, executable).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), "\"" + message + "\" does not mention \"" + part + "\"");
        }
        assertTrue(message.lines().count() == 1, message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pedm", "edm", "vp", "ve", "iddpm"})
    void jsonRoundTrip(String preconditioning) {
        UNetConfig network = UNetConfig.ncsnpp(64, 3).labelDim(10).augmentDim(9).build();
        ModelConfig config = new ModelConfig(network, Preconditioning.byName(preconditioning), 64, 96);
        assertEquals(config, ModelConfig.fromJson(config.toJson()));
    }

    @Test
    void wrongJsonIsNamed() {
        String json = config(UNetConfig.ddpmpp(32, 3).build()).toJson();
        refused(() -> ModelConfig.fromJson(json.replace("\"numBlocks\"", "\"numBlock\"")), "network", "numBlock");
        refused(() -> ModelConfig.fromJson(json.replace("\"numBlocks\":4,", "")), "numBlocks");
        refused(() -> ModelConfig.fromJson(json.replace("\"numBlocks\":4,", "\"numBlocks\":4.5,")), "numBlocks");
        refused(() -> ModelConfig.fromJson(json.replace("\"numBlocks\":4,", "\"numBlocks\":0,")), "numBlocks", "0");
        refused(() -> ModelConfig.fromJson(json.replace("\"numBlocks\":4,", "\"numBlocks\":\"4\",")), "numBlocks");
        refused(() -> ModelConfig.fromJson(json.replace("\"numBlocks\":4,", "\"numBlocks\":999999999,")), "numBlocks");
        refused(() -> ModelConfig.fromJson(json.replace("\"SONG\"", "1")), "architecture");
        refused(() -> ModelConfig.fromJson(json.replace("\"edm\"", "\"xdm\"")), "preconditioning", "xdm");
        refused(() -> ModelConfig.fromJson(json.substring(0, 100)), "configuration");
        refused(() -> ModelConfig.fromJson("null"), "configuration");
        refused(() -> ModelConfig.fromJson(""), "configuration");
    }

    @Test
    void sizesThatDoNotHalveAreRefused() {
        refused(() -> UNetConfig.ddpmpp(30, 3).build(), "resolution 30", "3 levels", "multiple of 4");
        refused(() -> UNetConfig.adm(4, 3).build(), "resolution 4", "multiple of 8");
        UNetConfig network = UNetConfig.ddpmpp(32, 3).build();
        EdmPreconditioning edm = EdmPreconditioning.standard();
        refused(() -> new ModelConfig(network, edm, 32, 33), "width 33", "multiple of 4");
        refused(() -> new ModelConfig(network, edm, 0, 32), "height 0");
        network.checkSize(12, 20);
    }

    /** What counts is the number of levels asked for, whatever the default was and in whatever order it was set. */
    @Test
    void sizesThatTheLevelsHalveAreAccepted() {
        UNetConfig two = UNetConfig.ddpmpp(30, 3).channelMult(List.of(1, 2)).build();
        assertEquals(30, two.resolution());
        assertEquals(
                15,
                two.toBuilder().channelMult(List.of(1)).resolution(15).build().resolution());
        assertEquals(
                15,
                two.toBuilder().resolution(15).channelMult(List.of(1)).build().resolution());
        refused(() -> two.toBuilder().resolution(15).build(), "resolution 15", "2 levels", "multiple of 2");
        refused(() -> UNetConfig.adm(15, 3).channelMult(List.of(1, 2)).build(), "resolution 15", "2 levels");
        Map<String, Object> official =
                Map.of("img_resolution", 30, "img_channels", 5, "out_channels", 3, "channel_mult", List.of(1, 2));
        assertEquals(30, official(official).resolution());
    }

    /** Model files hold the configuration in this form. */
    @Test
    void theJsonFormIsFixed() {
        assertEquals(
                "{\"network\":{\"architecture\":\"SONG\",\"resolution\":32,\"inChannels\":5,\"outChannels\":3,\"labelDim\":0,"
                        + "\"augmentDim\":0,\"modelChannels\":128,\"channelMult\":[2,2,2],\"channelMultEmb\":4,"
                        + "\"numBlocks\":4,\"attnResolutions\":[16],\"dropout\":0.13,\"labelDropout\":0.0,"
                        + "\"embedding\":\"FOURIER\",\"channelMultNoise\":2,\"encoder\":\"RESIDUAL\","
                        + "\"decoder\":\"STANDARD\",\"resampleFilter\":[1,3,3,1],\"implicitMlp\":false},"
                        + "\"preconditioning\":{\"name\":\"edm\",\"pMean\":-1.2,\"pStd\":1.2,\"sigmaData\":0.5},\"height\":32,\"width\":32}",
                config(UNetConfig.ncsnpp(32, 3).build()).toJson());
    }

    @Test
    void wrongSettingsAreRefused() {
        refused(() -> UNetConfig.ddpmpp(32, 3).dropout(1).build(), "dropout", "1.0");
        refused(() -> UNetConfig.ddpmpp(32, 3).inChannels(2).build(), "inChannels", "2");
        refused(() -> UNetConfig.ddpmpp(32, 3).channelMult(List.of()).build(), "channelMult");
        refused(() -> UNetConfig.ddpmpp(32, 3).resampleFilter(List.of(1, 2, 1)).build(), "resampleFilter");
        refused(() -> UNetConfig.ddpmpp(32, 3).resampleFilter(List.of(1, 2)).build(), "resampleFilter");
        refused(() -> UNetConfig.adm(32, 3).encoder(UNetConfig.EncoderKind.SKIP).build(), "DHARIWAL");
        UNetConfig odd = UNetConfig.ddpmpp(32, 3).modelChannels(130).build();
        refused(() -> DiffusionModel.layout(config(odd)), "130 channels", "modelChannels");
        UNetConfig outputs = UNetConfig.ddpmpp(32, 3).outChannels(6).build();
        refused(() -> config(outputs), "6 output channels", "edm");
        assertEquals(
                6,
                new ModelConfig(outputs, Preconditioning.byName("iddpm"), 32, 32)
                        .network()
                        .outChannels());
    }

    @Test
    void officialArgumentsAreChecked() {
        Map<String, Object> arguments =
                Map.of("img_resolution", 32, "img_channels", 5, "out_channels", 3, "model_type", "SongUNet");
        UNetConfig network = official(arguments);
        assertEquals(List.of(1, 2, 2, 2), network.channelMult());
        assertEquals(3, network.imageChannels());
        refused(() -> official(with(arguments, "model_type", "VGG")), "VGG", "SongUNet");
        refused(() -> official(with(arguments, "colour", 1)), "colour");
        refused(() -> official(with(arguments, "num_blocks", 1.5)), "num_blocks", "1.5");
        refused(() -> official(with(arguments, "encoder_type", "odd")), "encoder_type", "residual");
    }

    private static UNetConfig official(Map<String, Object> arguments) {
        return OfficialSettings.toConfig("Patch_EDMPrecond", arguments, Map.of())
                .network();
    }

    private static Map<String, Object> with(Map<String, Object> arguments, String name, Object value) {
        Map<String, Object> changed = new HashMap<>(arguments);
        changed.put(name, value);
        return changed;
    }

    @ParameterizedTest
    @CsvSource({
        "ddpmpp32, 55735043",
        "ddpmpp32 augment, 55736195",
        "ncsnpp32 augment, 56404739",
        "ddpmpp64, 61806723",
        "adm64, 295902723",
        "adm latent, 280399108",
        "bench, 6991043"
    })
    void parameterCountsAreTheOfficialOnes(String name, long count) {
        UNetConfig network =
                switch (name) {
                    case "ddpmpp32" -> UNetConfig.ddpmpp(32, 3).build();
                    case "ddpmpp32 augment" -> UNetConfig.ddpmpp(32, 3)
                            .augmentDim(9)
                            .build();
                    case "ncsnpp32 augment" -> UNetConfig.ncsnpp(32, 3)
                            .augmentDim(9)
                            .build();
                    case "ddpmpp64" -> UNetConfig.ddpmpp(64, 3)
                            .channelMult(List.of(1, 2, 2, 2))
                            .build();
                    case "adm64" -> UNetConfig.adm(64, 3).labelDim(1000).build();
                    case "adm latent" -> UNetConfig.adm(32, 4).labelDim(1000).build();
                    case "bench" -> UNetConfig.ddpmpp(32, 3)
                            .modelChannels(64)
                            .channelMult(List.of(1, 2, 2))
                            .numBlocks(2)
                            .build();
                    default -> throw new IllegalArgumentException(name);
                };
        assertEquals(count, DiffusionModel.layout(config(network)).parameterCount());
    }
}
