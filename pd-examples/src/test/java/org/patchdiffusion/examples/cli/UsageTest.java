package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
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
                "trian | pd: error: unknown command trian; see \"pd --help\"",
                "verify a b | pd: error: unexpected argument b; see \"pd verify --help\"",
                "bench --cres 1,x | list of whole numbers such as 1,2,2",
                "bench --patch 30 | --patch 30: height 30 does not fit a network of 3 levels",
                "bench --batch 0 | --batch is 0, expected at least 1",
                "bench --engine quick | --engine quick is unknown: expected one of samediff, generic, exact, fast",
                "generate --network m.safetensors | nowhere to write to: give --outdir FOLDER, --grid FILE, or both",
                "generate --network m --grid g.png --seeds 5-1 | no list of seeds such as 0-63",
                "generate --network m --grid g.png --steps 1 | numSteps is 1, expected at least 2 steps",
                "train --data d --outdir o --real-p 2 | is not a probability, expected a number from 0 to 1",
                "train --data d --outdir o --xflip maybe | is neither true nor false",
                "train --data d --outdir o --augment-at image | no effect without --augment P",
                "train --data d --outdir o --patch-sizes 1:1 --real-p 1 | --real-p is a short form of --patch-sizes",
                "train --data d --outdir o --resume r --lr 1 | --lr cannot be combined with --resume",
                "train --data d --outdir o --transfer m --cbase 8 | --cbase cannot be combined with --transfer",
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
