package org.patchdiffusion.train.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class ScheduleTest {

    @Test
    void followsTheReferenceIterations() throws IOException {
        JsonNode golden;
        try (InputStream in = getClass().getResourceAsStream("/golden/training.json")) {
            golden = new ObjectMapper().readTree(in);
        }
        Schedule schedule = new Schedule(
                golden.get("lr").asDouble(),
                golden.get("lr_rampup_kimg").asDouble() * 1000,
                golden.get("ema_halflife_kimg").asDouble() * 1000,
                golden.get("ema_rampup_ratio").asDouble());
        double expected =
                golden.get("batch_size").asInt() * golden.get("batch_mul_avg").asDouble();
        long images = 0;
        for (JsonNode iteration : golden.get("iterations")) {
            assertEquals(iteration.get("cur_nimg_before").asLong(), images);
            assertEquals(iteration.get("lr").asDouble(), schedule.learningRateAt(images), 1e-15);
            double beta = iteration.get("ema_beta").asDouble();
            assertEquals(beta, schedule.emaBetaAt(images, expected), 1e-12 * beta);
            images += Schedule.counted(expected);
        }
        assertEquals(35, images);
    }

    @Test
    void withoutRampUpTheBaseRateHoldsFromImageZero() {
        Schedule schedule = new Schedule(0.01, 0, 1000, 0);
        assertEquals(0.01, schedule.learningRateAt(0));
        assertEquals(Math.pow(0.5, 0.01), schedule.emaBetaAt(0, 10), 1e-15);
    }

    @Test
    void countSurvivesTheRoundingOfTheProduct() {
        assertEquals(19, Schedule.counted(10 * (0.5 + 0.3 * 2 + 0.2 * 4)));
        assertEquals(19, Schedule.counted(Math.nextDown(19.0)));
        assertEquals(7, Schedule.counted(7.6));
    }

    @Property(tries = 200)
    void rateAndAverageStayInRangeAndNeverFall(
            @ForAll @LongRange(max = 1_000_000) long images,
            @ForAll @LongRange(max = 100_000) long more,
            @ForAll @DoubleRange(max = 1e6) double rampup,
            @ForAll @DoubleRange(max = 1e6) double halflife,
            @ForAll @DoubleRange(max = 1) double ratio) {
        Schedule schedule = new Schedule(2e-3, rampup, halflife, ratio);
        double rate = schedule.learningRateAt(images);
        double beta = schedule.emaBetaAt(images, 30.4);
        assertTrue(rate >= 0 && rate <= 2e-3 && rate <= schedule.learningRateAt(images + more));
        assertTrue(beta >= 0 && beta <= 1 && beta <= schedule.emaBetaAt(images + more, 30.4));
    }
}
