package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exit codes, help and the timing command. */
class UsageTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "dataset ", "train ", "generate ", "convert ", "info ", "bench ", "verify "})
    void everyCommandExplainsItself(String command) {
        Outcome help = Outcome.of((Object[]) (command + "--help").split(" "));
        assertEquals(0, help.code());
        assertTrue(help.out().startsWith("Usage: pd " + command), help.out());
        assertEquals("", help.err());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bench --foo | pd: error: unknown option --foo; see \"pd bench --help\"",
                "bench --resolutoin 3 | unknown option --resolutoin, did you mean --resolution?",
                "trian | pd: error: unknown command trian, did you mean train?; see \"pd --help\"",
                "verify a b | pd: error: unexpected argument b; see \"pd verify --help\"",
                "bench --cres 1,x | list of whole numbers such as 1,2,2",
                "bench --cres 1,-2 | --cres LIST: \"1,-2\" is out of range: every number must be at least 1",
                "bench --attn=-8 | --attn LIST: \"-8\" is out of range",
                "bench --patch 30 | --patch 30: height 30 does not fit a network of 3 levels",
                "bench --batch 0 | --batch N: it is 0, expected a whole number from 1 to 1000000",
                "bench --batch 2147483648 | --batch N: it is 2147483648, expected a whole number from 1 to 1000000",
                "bench --precision half | there is no precision \"half\"; choose float32 or bf16",
                "bench --engine quick | there is no engine \"quick\"; choose one of samediff, generic, exact, fast, bf16, best",
                "bench --threads 0 | --threads N: it is 0, expected a whole number from 1 to 1024",
                "bench --step-ms 3 | --step-ms has no effect without --mode data",
                "bench --mode data --cache none | --cache has no effect without --data PATH",
                "bench --mode infer --dropout 0.1 | --dropout has no effect without --mode train",
                "generate --network m.safetensors | nowhere to write to: give --outdir FOLDER, --grid FILE, or both",
                "generate --network m --grid g.png --seeds 5-1 | no list of seeds such as 0-63",
                "generate --network m --grid g.png --seeds , | no list of seeds such as 0-63",
                "generate --network m --grid g.png --seeds 1, | no list of seeds such as 0-63",
                "generate --network m --grid g.png --seeds 0-9223372036854775807 | no list of seeds such as 0-63",
                "generate --network m --grid g.png --seeds 0-99999999999 | names more than 10000000 seeds",
                "generate --network m --grid g.png --seeds 0-9999999,1 | names more than 10000000 seeds",
                "generate --network m --grid g.bmp | pictures are written as PNG",
                "generate --network m --grid g.png --subdirs | --subdirs has no effect without --outdir FOLDER",
                "generate --network m --grid g.png --S_noise 1 | --S_noise has no effect without --S_churn X",
                "generate --network m --grid g.png --steps 1 | --steps N: it is 1, expected a whole number from 2",
                "generate --network m --grid g.png --class -1 | --class N: it is -1",
                "generate --network m --grid g.png --solver rk4 | \"rk4\" is unknown: expected one of heun, euler",
                "generate --network m --grid g.png --sampler ruler | there is no sampler \"ruler\"; choose one of ddim, ",
                "generate --network m --grid g.png --sampler lms --solver euler | --solver has no effect without the general",
                "generate --network m --grid g.png --sampler lms --S_churn 1 | --S_churn has no effect without --sampler heun",
                "generate --network m --grid g.png --eta 0.5 | --eta has no effect without an ancestral or SDE --sampler",
                "generate --network m --grid g.png --sigmas 1,2 | falling positive noise levels",
                "generate --network m --grid g.png --sigmas 2,1 --schedule karras | all say which noise levels; give one",
                "generate --network m --grid g.png --interval 1,2 | --interval has no effect without --cfg W, --gnet PATH or",
                "generate --network m --grid g.png --cfg 2 --interval 1 | --interval takes two noise levels",
                "generate --network m --grid g.png --swg-window 8 | --swg-window has no effect without --swg W",
                "generate --network m --grid g.png --mask m.png | --mask has no effect without --picture FILE",
                "generate --network m --grid g.png --overlap 4 | --overlap has no effect without --tile N",
                "generate --network m --grid g.png --tile 8 --overlap 8 | expected less than --tile, which is 8",
                "generate --network m --page p.htm | give the page the ending .html",
                "train --data d --outdir o --desc a --nosubdir | --desc names a new folder, which --nosubdir does not make",
                "convert a.safetensors b.safetensors --batch 3 | --batch has no effect without a .fb file to write",
                "convert a.safetensors b.pth --resolution 8 | --resolution has no effect without a .fb file to write",
                "convert a.safetensors b.fb --batch 0 | --batch N: it is 0",
                "train --data d --outdir o --real-p 2 | --real-p P: it is 2, expected a number from 0 to 1",
                "train --data d --outdir o --dropout 1 | --dropout P: it is 1, expected a number from 0 to below 1",
                "train --data d --outdir o --val 1 | --val SHARE: it is 1, expected a number from 0 to below 1",
                "train --data d --outdir o --duration -1 | --duration MIMG: it is -1, expected a positive number",
                "train --data d --outdir o --tick 0 | --tick KIMG: it is 0, expected a positive number",
                "train --data d --outdir o --snap -1 | --snap TICKS: it is -1, expected a whole number from 0",
                "train --data d --outdir o --max-minutes 1e12 | --max-minutes MINUTES: it is 1e12, expected a positive",
                "train --data d --outdir o --max-minutes NaN | --max-minutes MINUTES: it is NaN, expected a positive",
                "train --data d --outdir o --lr x | --lr X: \"x\" is no number",
                "train --data d --outdir o --dry-run --engine foo | there is no engine \"foo\"",
                "train --data d --outdir o --dry-run --threads 0 | --threads N: it is 0",
                "train --data d --outdir o --xflip maybe | is neither true nor false",
                "train --data d --outdir o --augment-at image | no effect without --augment P",
                "train --data d --outdir o --label-dropout 0.1 | --label-dropout has no effect without --cond",
                "train --data d --outdir o --precond foo | unknown preconditioning \"foo\"",
                "train --data d --outdir o --patch-sizes 1:1 --real-p 1 | --real-p is a short form of --patch-sizes",
                "train --data d --outdir o --resume r --lr 1 | --lr cannot be combined with --resume",
                "train --data d --outdir o --preset big | choose one of small, cifar10, celeba64, ffhq64",
                "train --data d --outdir o --config nowhere.yaml | --config nowhere.yaml: is no file",
                "train --data d --outdir o --fp16=1 | --fp16 1: training is in float32",
                "train --data d --outdir o --ls=2 | --ls 2.0: the loss of float32 needs no scaling",
                "dataset --source s --dest d --classes -1 | --classes LIST: \"-1\" is out of range",
                "dataset stats --data d --sample 1 | --sample N: it is 1, expected a whole number from 2",
                "train --outdir o | Missing required option: '--data=PATH'",
                "dataset --source s --dest d --resolution big | is no size such as 32x32"
            })
    void wrongUsageIsExitCode2AndOneLine(String commandLine, String message) {
        Outcome outcome = Outcome.of((Object[]) commandLine.strip().split(" "));
        assertEquals(2, outcome.code());
        assertEquals("", outcome.out());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.error().contains(message), outcome.error());
    }

    @Test
    void helpOfACommandIsThatOfItsOption() {
        Outcome help = Outcome.of("help", "train");
        assertEquals(0, help.code(), help.err());
        assertEquals(Outcome.of("train", "--help").out(), help.out());
        assertTrue(Outcome.of("help").out().contains("Commands:"));
    }

    @Test
    void everyOptionStandsInTheHelpOnceWithItsDefault() {
        String help = Outcome.of("train", "--help").out();
        for (String option : List.of("--data=", "--outdir=", "--batch=", "--cres=", "--engine=", "--fp16", "--debug")) {
            assertEquals(
                    1,
                    help.lines().filter(line -> line.strip().startsWith(option)).count(),
                    option);
        }
        assertTrue(
                help.replaceAll("\\s+", " ")
                        .contains("--batch=N Images of a step at full size; of smaller patches it"
                                + " shows more. Default: 32."),
                help);
        String published = Outcome.of("train", "--preset", "ffhq64", "--help").out();
        assertTrue(published.contains("shows more. Default: 256."), published);
        assertTrue(help.lines().allMatch(line -> line.length() <= 86), help);
    }

    @Test
    void theVersionIsThatOfTheBuild() {
        String version = Outcome.of("--version").out();
        assertTrue(version.matches("Patch Diffusion for Deeplearning4j \\d+\\.\\d+\\.\\d+\\S*\\R"), version);
    }

    @Test
    void noCommandIsWrongUsage() {
        assertEquals(2, Outcome.of().code());
    }

    @Test
    void theStackTraceAppearsOnlyOnRequest() {
        Outcome brief = Outcome.of("info", "nowhere");
        Outcome debug = Outcome.of("info", "nowhere", "--debug");
        assertEquals(1, brief.code());
        assertEquals("pd: error: nowhere does not exist", brief.err().strip());
        assertTrue(debug.err().contains("\tat org.patchdiffusion"), debug.err());
    }

    @ParameterizedTest
    @CsvSource({"train, exact", "infer, fast", "train, generic", "optimizer, fast"})
    void benchEndsWithOneJsonObject(String mode, String engine) throws IOException {
        Outcome outcome = Outcome.of((Object[])
                ("bench --arch ddpmpp --resolution 32 --patch 8 --batch 2 --cbase 8 --cres 1,2 --blocks 1 --attn 16"
                                + " --iterations 3 --warmup 1 --mode " + mode + " --engine " + engine)
                        .split(" "));
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals(1, outcome.out().lines().count(), outcome.out());
        JsonNode json = new ObjectMapper().readTree(outcome.lastLine());
        assertEquals(mode, json.get("mode").asText());
        assertEquals(engine, json.get("engine").asText());
        assertTrue(json.get("min_ms").asDouble() > 0);
        assertTrue(json.get("median_ms").asDouble() >= json.get("min_ms").asDouble());
        assertTrue(json.get("mean_ms").asDouble() >= json.get("min_ms").asDouble());
        assertEquals(3, json.get("iterations").asInt());
    }

    @Test
    void theYardstickHasItsParameters() throws IOException {
        Outcome outcome = Outcome.of((Object[])
                ("bench --arch ddpmpp --resolution 32 --patch 4 --batch 1 --cbase 64 --cres 1,2,2 --blocks 2 --attn 16"
                                + " --mode infer --iterations 1 --warmup 0")
                        .split(" "));
        assertEquals(
                6_991_043,
                new ObjectMapper().readTree(outcome.lastLine()).get("params").asLong());
    }
}
