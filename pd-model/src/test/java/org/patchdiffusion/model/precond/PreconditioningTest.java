package org.patchdiffusion.model.precond;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.testing.Golden;

class PreconditioningTest {

    private static final double BAR = 1e-6;

    @ParameterizedTest
    @ValueSource(strings = {"vp", "ve", "iddpm", "edm"})
    void coefficientsAreTheOfficialOnes(String name) {
        Golden golden = Golden.read("precond");
        Preconditioning p = Preconditioning.byName(name);
        double[] sigma = golden.doubles("sigma");
        close(name + ".c_skip", golden, sigma, p::cSkip);
        close(name + ".c_out", golden, sigma, p::cOut);
        close(name + ".c_in", golden, sigma, p::cIn);
        close(name + ".c_noise", golden, sigma, p::cNoise);
        close(name + ".round_sigma", golden, sigma, p::roundSigma);
        double[] range = golden.doubles(name + ".sigma_min_max");
        assertEquals(range[0], p.sigmaMin(), BAR * Math.abs(range[0]));
        assertEquals(range[1], p.sigmaMax(), Double.isInfinite(range[1]) ? 0 : BAR * range[1]);
    }

    private static void close(String key, Golden golden, double[] arguments, DoubleUnaryOperator function) {
        double[] want = golden.doubles(key);
        for (int i = 0; i < want.length; i++) {
            double got = function.applyAsDouble(arguments[i]);
            assertEquals(want[i], got, BAR * Math.abs(want[i]), key + " at " + arguments[i]);
        }
    }

    @Test
    void iddpmTableIsTheOfficialOne() {
        Golden golden = Golden.read("precond");
        double[] want = golden.doubles("iddpm.u");
        double[] got = IddpmPreconditioning.standard().table();
        assertEquals(want.length, got.length);
        for (int j = 0; j < want.length; j++) {
            assertEquals(want[j], got[j], BAR * want[j], "u[" + j + "]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"edm", "vp", "ve"})
    void trainingNoiseLevelsAreTheOfficialOnes(String name) {
        Golden golden = Golden.read("loss-sigma");
        Preconditioning p = Preconditioning.byName(name);
        double[] random = golden.doubles(p.drawsNormal() ? "rnd_normal" : "rnd_uniform");
        close(name + ".sigma", golden, random, r -> p.draw(r).sigma());
        close(name + ".weight", golden, random, r -> p.draw(r).weight());
    }

    @Test
    void iddpmDrawsEveryTableEntryButTheFinalZero() {
        IddpmPreconditioning p = IddpmPreconditioning.standard();
        double[] table = p.table();
        for (int j = 0; j < 1000; j++) {
            NoiseLevel level = p.draw((j + 0.5) / 1000);
            assertEquals(table[j], level.sigma());
            assertEquals(1 / (table[j] * table[j]), level.weight());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vp", "ve", "iddpm", "edm"})
    void graphComputesTheSameCoefficients(String name) {
        Preconditioning p = Preconditioning.byName(name);
        double[] levels = Golden.read("precond").doubles("sigma");
        INDArray values = Nd4j.createFromArray(levels).castTo(DataType.FLOAT);
        SameDiff sd = SameDiff.create();
        SDVariable sigma = sd.placeHolder("sigma", DataType.FLOAT, levels.length);
        Coefficients c = p.coefficients(sd, sigma, levels.length);
        Map<String, INDArray> got = sd.output(
                Map.of("sigma", values),
                c.skip().name(),
                c.out().name(),
                c.in().name(),
                c.noise().name());
        double[] rounded = values.toDoubleVector();
        check(got.get(c.skip().name()), rounded, p::cSkip);
        check(got.get(c.out().name()), rounded, p::cOut);
        check(got.get(c.in().name()), rounded, p::cIn);
        check(got.get(c.noise().name()), rounded, p::cNoise);
    }

    private static void check(INDArray got, double[] sigma, DoubleUnaryOperator function) {
        for (int i = 0; i < sigma.length; i++) {
            double want = function.applyAsDouble(sigma[i]);
            // Absolute near c_noise = 0, where the logarithm of a rounded argument has no relative accuracy.
            assertEquals(want, got.getDouble(i), 2e-6 * Math.max(Math.abs(want), 0.1), "at " + sigma[i]);
        }
    }

    @Property(tries = 200)
    void timeInvertsTheNoiseLevelOfVp(@ForAll @Scale(6) @DoubleRange(min = 1e-5, max = 1) double t) {
        VpPreconditioning p = VpPreconditioning.standard();
        assertEquals(t, p.time(p.sigma(t)), 1e-12);
    }

    @Property(tries = 200)
    void unitVarianceOfTheEdmTarget(@ForAll @Scale(6) @DoubleRange(min = 1e-3, max = 100) double sigma) {
        EdmPreconditioning p = EdmPreconditioning.standard();
        double inputVariance = p.cIn(sigma) * p.cIn(sigma) * (0.25 + sigma * sigma);
        // Variance of (y - c_skip (y + n)) / c_out, eq. 117 to 131 of the paper.
        double skip = p.cSkip(sigma);
        double target =
                ((1 - skip) * (1 - skip) * 0.25 + skip * skip * sigma * sigma) / (p.cOut(sigma) * p.cOut(sigma));
        assertEquals(1, inputVariance, 1e-12);
        assertEquals(1, target, 1e-9);
    }

    @Test
    void unknownNamesAndSettingsAreRefused() {
        String message = assertThrows(IllegalArgumentException.class, () -> Preconditioning.byName("edm2"))
                .getMessage();
        assertTrue(message.contains("edm2") && message.contains("pedm, edm, vp, ve, iddpm"), message);
        List<Runnable> wrong = List.of(
                () -> new EdmPreconditioning(-1.2, 0, 0.5),
                () -> new VpPreconditioning(19.9, 0.1, 1000, 0),
                () -> new VePreconditioning(100, 0.02),
                () -> new IddpmPreconditioning(0, 0.008, 1000));
        wrong.forEach(settings -> assertThrows(IllegalArgumentException.class, settings::run));
    }
}
