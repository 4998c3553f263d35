package org.patchdiffusion.eval.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Positions;
import org.patchdiffusion.model.Denoiser;
import org.patchdiffusion.model.PatchDenoiser;

class CanvasTest {

    @Test
    void coordinatesAreThoseOfTheFrame() {
        Canvas window = new Canvas(new PatchSize(4, 6), -2, 5, new PatchSize(16, 32));
        try (INDArray positions = window.positions()) {
            assertArrayEquals(new long[] {1, 2, 4, 6}, positions.shape());
            for (int y = 0; y < 4; y++) {
                for (int x = 0; x < 6; x++) {
                    assertEquals(((5 + x) / 31.0 - 0.5) * 2, positions.getDouble(0, 0, y, x), 1e-6);
                    assertEquals(((y - 2) / 15.0 - 0.5) * 2, positions.getDouble(0, 1, y, x), 1e-6);
                }
            }
        }
        try (INDArray whole = Canvas.whole(8, 12).positions();
                INDArray trained = Positions.whole(1, 8, 12)) {
            assertEquals(trained, whole);
        }
    }

    @Property(tries = 200)
    void windowsCoverEverySideAndOverlapEnough(
            @ForAll @IntRange(min = 2, max = 40) int length,
            @ForAll @IntRange(min = 0, max = 39) int overlap,
            @ForAll @IntRange(min = 0, max = 200) int more) {
        if (overlap >= length) {
            assertThrows(IllegalArgumentException.class, () -> Tiling.seamless(new PatchSize(length, length), overlap));
            return;
        }
        int[] starts = Tiling.seamless(new PatchSize(length, length), overlap).starts(length + more, length);
        assertEquals(0, starts[0]);
        assertEquals(more, starts[starts.length - 1]);
        for (int i = 1; i < starts.length; i++) {
            int shared = starts[i - 1] + length - starts[i];
            assertTrue(shared >= overlap && shared < length, shared + " of " + length);
        }
    }

    @Test
    void everyWindowSeesItsOwnPartAtItsOwnPlace() {
        Canvas canvas = new Canvas(new PatchSize(10, 13), 3, -4, new PatchSize(16, 16));
        INDArray x = Nd4j.rand(DataType.FLOAT, 2, 3, 10, 13);
        INDArray sigma = Nd4j.createFromArray(0.5f, 2f);
        // What a window answers is a function of each pixel, its coordinates and its noise level: any tiling gives it
        // whole.
        PatchDenoiser local = (patch, level, labels, positions) -> {
            INDArray result = patch.mul(2);
            for (int n = 0; n < patch.size(0); n++) {
                for (int c = 0; c < 3; c++) {
                    result.slice(n)
                            .slice(c)
                            .addi(positions.slice(n).slice(0))
                            .subi(positions.slice(n).slice(1).mul(3))
                            .addi(level.getFloat(n));
                }
            }
            return result;
        };
        INDArray want = x.mul(2);
        try (INDArray positions = canvas.positions()) {
            for (int n = 0; n < 2; n++) {
                for (int c = 0; c < 3; c++) {
                    want.slice(n)
                            .slice(c)
                            .addi(positions.slice(0).slice(0))
                            .subi(positions.slice(0).slice(1).mul(3))
                            .addi(sigma.getFloat(n));
                }
            }
        }
        for (Tiling.Weighting weighting : Tiling.Weighting.values()) {
            Tiling tiling = new Tiling(new PatchSize(4, 6), 2, weighting);
            try (TiledDenoiser tiled = new TiledDenoiser(local, canvas, tiling)) {
                assertTrue(want.equalsWithEps(tiled.denoise(x, sigma, null), 1e-4), weighting.toString());
            }
        }
    }

    /** Windows that disagree: each sees no further than its edge and lifts what it draws by an amount of its own. */
    private static final PatchDenoiser DISAGREEING = (patch, level, labels, positions) -> {
        INDArray result = patch.dup('c');
        for (int n = 0; n < patch.size(0); n++) {
            double place = positions.getDouble(n, 0, 0, 0) * 5 + positions.getDouble(n, 1, 0, 0) * 3;
            result.slice(n).addi(Math.sin(place));
        }
        return result;
    };

    @Test
    void thereAreNoSeams() {
        int side = 60;
        INDArray smooth = Nd4j.create(DataType.FLOAT, 1, 1, side, side);
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                smooth.putScalar(0, 0, y, x, Math.sin(x * 0.3) + Math.cos(y * 0.25));
            }
        }
        double fading = seamOverInside(smooth, Tiling.seamless(new PatchSize(16, 16), 8));
        double hard = seamOverInside(smooth, new Tiling(new PatchSize(15, 15), 0, Tiling.Weighting.EVEN));
        assertTrue(fading < 1.25, "gradient at the edges of fading windows over that inside: " + fading);
        assertTrue(hard > 3, "the same without overlap, which shows that the measure sees seams: " + hard);
    }

    /** Mean absolute difference of neighbouring columns where windows begin or end, over that of all others. */
    private static double seamOverInside(INDArray x, Tiling tiling) {
        int side = (int) x.size(3);
        int length = tiling.window().width();
        boolean[] edge = new boolean[side];
        for (int start : tiling.starts(side, length)) {
            edge[start] = true;
            edge[(start + length) % side] = true;
        }
        double[] sums = new double[2];
        int[] counts = new int[2];
        try (TiledDenoiser tiled = new TiledDenoiser(DISAGREEING, Canvas.whole(side, side), tiling)) {
            INDArray result = tiled.denoise(x, Nd4j.ones(DataType.FLOAT, 1), null);
            for (int column = 1; column < side; column++) {
                INDArray one = result.get(
                        NDArrayIndex.point(0), NDArrayIndex.point(0), NDArrayIndex.all(), NDArrayIndex.point(column));
                INDArray before = result.get(
                        NDArrayIndex.point(0),
                        NDArrayIndex.point(0),
                        NDArrayIndex.all(),
                        NDArrayIndex.point(column - 1));
                int kind = edge[column] ? 1 : 0;
                sums[kind] += one.sub(before).ameanNumber().doubleValue();
                counts[kind]++;
            }
        }
        return sums[1] / counts[1] / (sums[0] / counts[0]);
    }

    @Test
    void aLargeCanvasIsSeenInFewWindowsAtATime() {
        AtomicLong most = new AtomicLong();
        PatchDenoiser windows = (patch, level, labels, positions) -> {
            most.set(Math.max(most.get(), patch.length()));
            return patch;
        };
        INDArray x = Nd4j.rand(DataType.FLOAT, 1, 3, 512, 512);
        try (TiledDenoiser tiled =
                new TiledDenoiser(windows, Canvas.whole(512, 512), Tiling.seamless(new PatchSize(64, 64), 16))) {
            assertTrue(x.equalsWithEps(tiled.denoise(x, Nd4j.ones(DataType.FLOAT, 1), null), 1e-5));
            assertEquals(121, tiled.windowCount());
        }
        assertEquals(8 * 3 * 64 * 64, most.get());
    }

    @Test
    void knownPixelsEndAsGivenWithEverySampler() {
        Denoiser model = (x, sigma, labels) -> {
            double s = sigma.getDouble(0);
            return x.mul(0.25 / (0.25 + s * s));
        };
        INDArray picture = Nd4j.rand(DataType.FLOAT, 1, 4, 4).muli(2).subi(1);
        INDArray mask = Nd4j.zeros(DataType.FLOAT, 4, 4);
        mask.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2)).assign(1);
        try (KnownPixels inpainting = new KnownPixels(model, picture, mask)) {
            for (String name : Samplers.names()) {
                SampleRequest request = SampleRequest.ofSeeds(new long[] {1, 2}, 1, 4, 4);
                try (Samples kept = Samplers.byName(name).sample(inpainting, KarrasSchedule.EDM, request);
                        Samples free = Samplers.byName(name).sample(model, KarrasSchedule.EDM, request)) {
                    for (int i = 0; i < 32; i++) {
                        boolean known = i % 4 < 2;
                        double want = known
                                ? picture.getDouble(i % 16)
                                : free.images().getDouble(i);
                        // UniPC leaves the noise of the lowest level, 0.002, in what it draws.
                        assertEquals(want, kept.images().getDouble(i), known ? 0.01 : 1e-6, name + " pixel " + i);
                    }
                }
            }
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        Exception small = assertThrows(
                IllegalArgumentException.class,
                () -> new TiledDenoiser(DISAGREEING, Canvas.whole(8, 8), Tiling.seamless(new PatchSize(16, 16), 4)));
        assertTrue(small.getMessage().startsWith("a canvas side of 8 pixels is shorter"), small.getMessage());
        Exception shapes = assertThrows(
                IllegalArgumentException.class,
                () -> new KnownPixels(
                        (x, sigma, labels) -> x,
                        Nd4j.zeros(DataType.FLOAT, 3, 4, 4),
                        Nd4j.zeros(DataType.FLOAT, 4, 5)));
        assertTrue(shapes.getMessage().startsWith("known pixels have the shape"), shapes.getMessage());
    }
}
