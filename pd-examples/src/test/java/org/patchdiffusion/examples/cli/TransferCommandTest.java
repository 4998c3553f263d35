package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training from the weights of another model. */
class TransferCommandTest {

    @TempDir
    Path folder;

    private TinyRuns runs;

    @BeforeEach
    void begin() {
        runs = new TinyRuns(folder.resolve("runs"));
    }

    @Test
    void everyNetworkOptionThatATransferContradictsIsRefusedByName() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        Pictures.labels(data, 4, 2);
        assertEquals(0, runs.train(data, "--samples", 0).code());
        Path model = TinyRuns.file(runs.folders().get(0), "model-.*");
        List<Object> transfer =
                List.of("train", "--data", data, "--outdir", folder.resolve("o"), "--transfer", model, "--dry-run");
        for (String option : List.of(
                "--cbase=16",
                "--cres=1",
                "--cres=1,1,1,1,1,1,1,1,1,1,1",
                "--blocks=2",
                "--attn=8",
                "--arch=adm",
                "--arch=ncsnpp",
                "--embedding=fourier",
                "--encoder=residual",
                "--decoder=skip",
                "--filter=1,3,3,1",
                "--noise-mult=2",
                "--emb-mult=2",
                "--implicit-mlp",
                "--cond=1",
                "--precond=vp",
                "--augment=0.1",
                "--label-dropout=0.1")) {
            List<Object> all = new ArrayList<>(transfer);
            all.addAll(List.of("--blocks=1", option).subList(option.startsWith("--blocks") ? 1 : 0, 2));
            Outcome outcome = Outcome.of(all.toArray());
            assertEquals(2, outcome.code(), option);
            assertTrue(outcome.error().contains(option.split("=")[0] + " "), outcome.error());
            assertTrue(outcome.error().contains("is not what the network of --transfer"), outcome.error());
        }
        List<Object> same = new ArrayList<>(transfer);
        same.addAll(
                List.of("--cbase=8", "--cres=1,1", "--blocks=1", "--attn=none", "--arch=ddpmpp", "--implicit-mlp=0"));
        same.addAll(List.of("--cond=0", "--precond=edm", "--dropout=0.25"));
        Outcome outcome = Outcome.of(same.toArray());
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("\"dropout\" : 0.25"), outcome.err());
        Outcome plain = Outcome.of(transfer.toArray());
        assertTrue(plain.err().contains("\"dropout\" : 0.1"), plain.err());
    }
}
