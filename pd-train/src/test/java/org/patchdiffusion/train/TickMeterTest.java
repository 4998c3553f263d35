package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.train.checkpoint.TrainingProgress;
import org.patchdiffusion.train.step.ImageLoss;
import org.patchdiffusion.train.step.StepResult;

class TickMeterTest {

    private static StepResult step(long number, double loss, long nonFinite, ImageLoss... images) {
        return new StepResult(
                number, 2 * (number + 1), new PatchSize(8, 8), 2, loss * 192, loss, 1e-3, List.of(images), nonFinite);
    }

    @Test
    void lossesAreAveragedInEachRangeOfNoise() {
        TickMeter meter = new TickMeter(new PhaseClock(() -> 0), TrainingProgress.NONE);
        meter.add(step(0, 2, 0, new ImageLoss(0.2, 1), new ImageLoss(0.3, 3)));
        meter.add(step(1, 4, 0, new ImageLoss(0.25, 2), new ImageLoss(80, 6)));
        meter.add(step(2, Double.NaN, 0, new ImageLoss(0.2, Double.NaN), new ImageLoss(0.31, 5)));
        meter.add(step(3, 3, 7));
        TrainingTick tick = meter.next();
        assertEquals(
                Map.of(new NoiseBin(0.1, 0.3), 1.5, new NoiseBin(0.3, 1), 4.0, NoiseBin.of(80), 6.0),
                tick.lossByNoise());
        assertEquals(3, tick.loss(), 1e-12);
        assertEquals(2, tick.nonFiniteSteps());
        meter.add(step(4, 1, 0));
        TrainingTick next = meter.next();
        assertEquals(Map.of(), next.lossByNoise());
        assertEquals(0, next.nonFiniteSteps());
        assertEquals(1, next.tick());
    }

    @Test
    void rangesOfNoiseMeetAndSayWhatTheyAre() {
        assertEquals(
                List.of("0-0.03", "0.03-0.1", "0.1-0.3", "0.3-1", "1-3", "3-inf"),
                NoiseBin.ALL.stream().map(NoiseBin::label).toList());
        assertEquals("0.1-0.3", NoiseBin.of(0.1).label());
        assertEquals("0-0.03", NoiseBin.of(1e-9).label());
        assertEquals("3-inf", NoiseBin.of(1e9).label());
        for (int i = 1; i < NoiseBin.ALL.size(); i++) {
            assertEquals(NoiseBin.ALL.get(i - 1).high(), NoiseBin.ALL.get(i).low());
        }
    }
}
