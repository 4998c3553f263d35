package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command line over a file of settings over a preset. */
class LayeredSettingsTest {

    @TempDir
    Path folder;

    private Path data;

    @BeforeEach
    void draw() throws IOException {
        data = Pictures.folder(folder.resolve("data"), 2, 64, 64);
    }

    private Outcome dryRun(Object... more) {
        List<Object> all = new ArrayList<>(List.of("train", "--data", data, "--outdir", folder.resolve("runs"), "-n"));
        all.addAll(List.of(more));
        return Outcome.of(all.toArray());
    }

    private static JsonNode json(Outcome outcome, String before) throws IOException {
        assertEquals(0, outcome.code(), outcome.err());
        String from = outcome.err().substring(outcome.err().indexOf(before));
        return new ObjectMapper().readTree(from.substring(from.indexOf('{')));
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    @Test
    void aPlainCommandTakesTheSmallPresetAndSaysSoFirst() throws IOException {
        Outcome outcome = dryRun();
        String first = outcome.err().lines().findFirst().orElseThrow();
        assertTrue(first.startsWith("preset small: made for a laptop"), first);
        JsonNode network = json(outcome, "\nmodel, ").get("network");
        assertEquals(32, network.get("modelChannels").asInt());
        assertEquals("[1,2,2]", network.get("channelMult").toString());
        assertFalse(Files.exists(folder.resolve("runs")));
    }

    /**
     * Karras et al. 2022 (arXiv 2206.00364), table 7, "our" columns of CIFAR-10 and of FFHQ and AFHQv2 at 64x64: duration
     * 200 Mimg, batch, learning rate, 10 Mimg of ramp-up, 0.5 Mimg of half-life, dropout, channel multipliers, and Adam of
     * table 7's caption. Wang et al. 2023 (arXiv 2304.12526) train with the settings of EDM, without augmentation, and half
     * of the time on whole images.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cifar10       | [2,2,2]   | 512 | 1e-3 | 0.13 | 0.12",
                "ffhq64        | [1,2,2,2] | 256 | 2e-4 | 0.05 | 0.15",
                "celeba64      | [1,2,2,2] | 256 | 2e-4 | 0.05 | 0",
                "afhqv2-wild64 | [1,2,2,2] | 256 | 2e-4 | 0.25 | 0"
            })
    void theRecipesAreThePublishedOnes(
            String preset, String levels, int batch, double learningRate, double dropout, double augment)
            throws IOException {
        Path config = file("narrow.yaml", "cbase: 16 # the weights of the published width take long to draw");
        Outcome outcome = dryRun("--preset", preset, "--config", config);
        assertTrue(outcome.err().startsWith("preset " + preset + ": "), outcome.err());
        JsonNode network = json(outcome, "\nmodel, ").get("network");
        assertEquals(levels, network.get("channelMult").toString());
        assertEquals(4, network.get("numBlocks").asInt());
        assertEquals("[16]", network.get("attnResolutions").toString());
        assertEquals(dropout, network.get("dropout").asDouble());
        assertEquals(augment > 0 ? 9 : 0, network.get("augmentDim").asInt());
        JsonNode training = json(outcome, "\ntraining: ");
        assertEquals(batch, training.get("batch").asInt());
        assertEquals(200_000, training.get("duration_kimg").asDouble());
        assertEquals(augment, training.at("/augment/probability").asDouble());
        assertEquals(learningRate, training.at("/optimizer/learning_rate").asDouble());
        assertEquals(10_000, training.at("/optimizer/lr_rampup_kimg").asDouble());
        assertEquals(0.9, training.at("/optimizer/beta1").asDouble());
        assertEquals(0.999, training.at("/optimizer/beta2").asDouble());
        assertEquals(1e-8, training.at("/optimizer/epsilon").asDouble());
        assertEquals(500, training.at("/ema/halflife_kimg").asDouble());
        assertEquals(0.5, training.at("/patches/real_p").asDouble());
        String help = Outcome.of("train", "--preset", preset, "--help").out();
        assertTrue(help.contains("Channels at multiplier 1. Default: 128."), help);
    }

    @Test
    void theCommandLineWinsOverTheFileAndThatOverThePreset() throws IOException {
        String yaml = "preset: ffhq64\ncbase: 16\nblocks: 1\ncres: [1, 2]\nlr: 5e-4\nreal_p: 0.25\nxflip: true\n";
        Path config = file("settings.yml", yaml);
        Outcome outcome = dryRun("--lr", "7e-4", "--config", config, "--blocks", 2);
        JsonNode network = json(outcome, "\nmodel, ").get("network");
        assertEquals(16, network.get("modelChannels").asInt());
        assertEquals(2, network.get("numBlocks").asInt());
        assertEquals("[1,2]", network.get("channelMult").toString());
        for (String setting : List.of("7.0E-4", "\"real_p\" : 0.25", "\"xflip\" : true", "\"batch\" : 256")) {
            assertTrue(outcome.err().contains(setting), setting);
        }
        Path json = file("settings.json", "{\"cbase\": 16, \"attn\": \"none\", \"any-size\": true, \"batch\": 3}");
        assertTrue(dryRun("--config", json).err().contains("\"batch\" : 3"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "lr-ramup: 1 | line 1: there is no option named 'lr-ramup'; did you mean lr-rampup?",
                "config: a.yaml | 'config' belongs on the command line",
                "lr: -1 | --lr X: it is -1, expected a positive number",
                "lr: | --lr X: '' is no number",
                "lr: {a: 1} | --lr needs a text, a number, true, false, or a list of these",
                "cres: [[1], 2] | --cres needs a text, a number, true, false, or a list of these",
                "'lr: 1,lr: 2' | Duplicate field 'lr'",
                "'real-p: 1,real_p: 1' | --real-p is given twice",
                "'ema: &a 1,lr: *a' | anchors, aliases and type tags are not taken",
                "lr: !!java.net.URL ['http://localhost'] | anchors, aliases and type tags are not taken",
                "'lr: 1,---,lr: 2' | expected nothing behind the name: value pairs",
                "- lr | expected a list of name: value pairs",
                "lr: [1 | is not valid YAML in line",
                "'augment-at: image' | --augment-at has no effect without --augment P"
            })
    void aFileIsRefusedForOneReason(String text, String message) throws IOException {
        Path config = file(
                "settings.yaml", text.replace("'l", "l").replaceAll("^'|'$", "").replace(",", "\n"));
        Outcome outcome = dryRun("--config", config);
        assertEquals(2, outcome.code());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.error().replace('"', '\'').contains(message.strip()), outcome.error());
    }

    @Test
    void aFileThatIsTooLargeOrOfAnotherKindIsRefused() throws IOException {
        Path large = file("large.yaml", "# " + "x".repeat(70_000) + "\nlr: 1\n");
        assertTrue(dryRun("--config", large).error().contains("a file of options has at most 65536"));
        Path other = file("settings.toml", "lr = 1");
        assertTrue(dryRun("--config", other).error().contains("expected .yaml, .yml or .json"));
    }

    @Test
    void officialCommandsRunAsTheyAre() throws IOException {
        Outcome outcome = dryRun(
                "--cond=0",
                "--arch=ddpmpp",
                "--batch=256",
                "--cres=1,2,2,2",
                "--lr=2e-4",
                "--dropout=0.05",
                "--augment=0",
                "--real_p=0.5",
                "--fp16=0",
                "--ls=1",
                "--bench=1",
                "--cache=1",
                "--workers=4",
                "--train_on_latents=0",
                "--implicit_mlp=0",
                "--tick=2",
                "--snap=10",
                "--dump=20",
                "--seed=1");
        assertEquals(
                "[1,2,2,2]",
                json(outcome, "\nmodel, ").get("network").get("channelMult").toString());
    }
}
