package org.patchdiffusion.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.AsyncMultiDataSetIterator;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.data.augment.AugmentPipeline;
import org.patchdiffusion.data.augment.AugmentPlace;

class PatchIteratorTest {

    private static final PatchSizes SIZES = PatchSizes.of(16, 24, PatchDistribution.ofPixels(0.5), 2);

    private static PatchIterator.Builder builder(int images, int classes) {
        return PatchIterator.builder(fakeDataset(images, 16, 24, classes), SIZES)
                .batch(4)
                .seed(9)
                .randomFlip(true);
    }

    private static ImageDataset fakeDataset(int images, int height, int width, int classes) {
        List<String> names =
                IntStream.range(0, classes).mapToObj(String::valueOf).toList();
        int[] labels = classes == 0
                ? null
                : IntStream.range(0, images).map(i -> i % classes).toArray();
        return ImageDataset.of(
                new DatasetDescription("fake", images, 3, height, width, PixelType.UINT8, names, "fake"),
                labels,
                new FakePixels(height, width));
    }

    /** Images whose pixels are a function of their index and place. */
    private record FakePixels(int height, int width) implements PixelReader {
        @Override
        public ByteBuffer read(int index) {
            if (index == 13) {
                throw new IllegalStateException("image 13 is broken");
            }
            byte[] pixels = new byte[3 * height * width];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (byte) (31 * index + i);
            }
            return ByteBuffer.wrap(pixels);
        }

        @Override
        public String place() {
            return "made up";
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    private static String content(PatchBatch batch) {
        try (batch) {
            return batch.step() + " " + batch.size() + batch.crops()
                    + Arrays.hashCode(batch.y().data().asFloat())
                    + Arrays.hashCode(batch.pos().data().asFloat());
        }
    }

    private static List<String> contents(PatchIterator iterator, int steps) {
        List<String> contents = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            contents.add(content(iterator.nextBatch()));
        }
        return contents;
    }

    @Test
    void augmentationIsAFunctionOfSeedStepAndIndex() {
        float[] whole = new float[3 * 16 * 24];
        float[] expected = new float[4 * whole.length];
        float[] labels = new float[4 * 9];
        try (PatchBatch plain = builder(10, 0).build().nextBatch();
                PatchBatch batch = builder(10, 3)
                        .schedule(step -> new PatchSize(16, 24))
                        .augment(AugmentConfig.training(0.5), AugmentPlace.PATCH)
                        .build()
                        .nextBatch()) {
            assertNull(plain.augmentLabels());
            AugmentPipeline pipeline = AugmentPipeline.of(AugmentConfig.training(0.5), 3);
            PatchCropper cropper = new PatchCropper(3, 16, 24);
            ImageDataset dataset = fakeDataset(10, 16, 24, 0);
            for (int i = 0; i < 4; i++) {
                Crop crop = batch.crops().get(i);
                int at = i * whole.length;
                cropper.pixels(dataset.image(crop.image()), crop, batch.size(), expected, at);
                RandomStream random = RandomStream.of(9, Purpose.AUGMENT, 0, i);
                pipeline.apply(expected, at, 3, 16, 24, random, labels, i * 9);
            }
            assertArrayEquals(expected, batch.y().data().asFloat());
            assertArrayEquals(labels, batch.augmentLabels().data().asFloat());
            assertArrayEquals(
                    new Object[] {batch.y(), batch.pos(), batch.labels(), batch.augmentLabels()},
                    batch.toMultiDataSet().getFeatures());
        }
    }

    @Test
    void aBatchHoldsTheCropsThatItNames() {
        ImageDataset dataset = fakeDataset(10, 16, 24, 3);
        Set<PatchSize> seen = new HashSet<>();
        PatchCropper cropper = new PatchCropper(3, 16, 24);
        PatchIterator iterator = builder(10, 3).build();
        for (int step = 0; step < 20; step++) {
            try (PatchBatch batch = iterator.nextBatch()) {
                PatchSize size = batch.size();
                seen.add(size);
                int count = 4 * 16 / size.height();
                int area = size.height() * size.width();
                assertEquals(count, batch.count());
                assertArrayEquals(
                        new long[] {count, 3, size.height(), size.width()},
                        batch.y().shape());
                assertArrayEquals(
                        new long[] {count, 2, size.height(), size.width()},
                        batch.pos().shape());
                float[] y = new float[count * 3 * area];
                float[] pos = new float[count * 2 * area];
                float[] labels = new float[count * 3];
                for (int i = 0; i < count; i++) {
                    Crop crop = batch.crops().get(i);
                    cropper.pixels(dataset.image(crop.image()), crop, size, y, i * 3 * area);
                    cropper.positions(crop.top(), crop.left(), size, pos, i * 2 * area);
                    labels[i * 3 + crop.image() % 3] = 1;
                }
                assertArrayEquals(y, batch.y().data().asFloat());
                assertArrayEquals(pos, batch.pos().data().asFloat());
                assertArrayEquals(labels, batch.labels().data().asFloat());
            }
        }
        assertEquals(Set.copyOf(SIZES.sizes()), seen);
    }

    @Property(tries = 30)
    void seekingToAStepGivesTheBatchOfThatStep(
            @ForAll @LongRange(min = 0, max = 60) long first, @ForAll @LongRange(min = 0, max = 60) long second) {
        List<String> inOrder = contents(builder(10, 0).build(), 61);
        PatchIterator iterator = builder(10, 0).build();
        iterator.seek(first);
        assertEquals(first, iterator.step());
        assertEquals(inOrder.get((int) first), content(iterator.nextBatch()));
        iterator.seek(second);
        assertEquals(inOrder.get((int) second), content(iterator.nextBatch()));
    }

    @Property(tries = 12)
    void workersNeverChangeABit(
            @ForAll @IntRange(min = 1, max = 4) int workers, @ForAll @IntRange(min = 1, max = 5) int ahead) {
        PatchIterator iterator = builder(10, 2).build();
        List<String> made = new ArrayList<>();
        try (Prefetcher<PatchBatch> batches = new Prefetcher<>(workers, ahead, iterator::plan, PatchBatch::close)) {
            for (int i = 0; i < 25; i++) {
                made.add(content(batches.take()));
            }
        }
        assertEquals(contents(builder(10, 2).build(), 25), made);
    }

    @Test
    void seedsGiveDifferentBatches() {
        assertNotEquals(
                contents(builder(10, 0).seed(1).build(), 3),
                contents(builder(10, 0).seed(2).build(), 3));
    }

    @Test
    void stepsShowEveryImageOncePerEpoch() {
        PatchIterator iterator = builder(10, 0).build();
        List<Integer> shown = new ArrayList<>();
        while (shown.size() < 100) {
            try (PatchBatch batch = iterator.nextBatch()) {
                batch.crops().forEach(crop -> shown.add(crop.image()));
            }
        }
        for (int epoch = 0; epoch < 10; epoch++) {
            assertEquals(
                    10, Set.copyOf(shown.subList(10 * epoch, 10 * epoch + 10)).size());
        }
        assertNotEquals(shown.subList(0, 10), shown.subList(10, 20));
    }

    @Property
    void theOrderVisitsEveryImageOncePerEpoch(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 200) int size,
            @ForAll @LongRange(min = 0, max = 1_000_000) long epoch) {
        ShuffledOrder order = new ShuffledOrder(seed, size);
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < size; i++) {
            int image = order.imageAt(epoch * size + i);
            assertTrue(image >= 0 && image < size);
            assertTrue(seen.add(image));
            assertEquals(image, new ShuffledOrder(seed, size).imageAt(epoch * size + i));
        }
    }

    @Test
    void permutationsAreUniform() {
        int[] count = new int[24];
        int n = 12_000;
        for (int epoch = 0; epoch < n; epoch++) {
            int[] p = ShuffledOrder.shuffle(4, RandomStream.of(1, Purpose.ORDER, epoch, 0));
            int rank = 0;
            for (int i = 0; i < 4; i++) {
                int smaller = 0;
                for (int j = i + 1; j < 4; j++) {
                    smaller += p[j] < p[i] ? 1 : 0;
                }
                rank = rank * (4 - i) + smaller;
            }
            count[rank]++;
        }
        double chiSquare = 0;
        for (int c : count) {
            chiSquare += Math.pow(c - n / 24.0, 2) / (n / 24.0);
        }
        // The 99.9% point of chi-square with 23 degrees of freedom.
        assertTrue(chiSquare < 49.7, "chi-square " + chiSquare);
    }

    @Test
    void cropsReachEveryPlaceAndHalfAreFlipped() {
        PatchIterator iterator = builder(10, 0).build();
        Set<Integer> tops = new HashSet<>();
        Set<Integer> lefts = new HashSet<>();
        int flipped = 0;
        int count = 0;
        for (int step = 0; step < 300; step++) {
            try (PatchBatch batch = iterator.nextBatch()) {
                for (Crop crop : batch.crops()) {
                    flipped += crop.flipped() ? 1 : 0;
                    count++;
                    if (batch.size().height() == 4) {
                        tops.add(crop.top());
                        lefts.add(crop.left());
                    }
                }
            }
        }
        assertEquals(13, tops.size());
        assertEquals(19, lefts.size());
        assertEquals(0.5, (double) flipped / count, 2.5 / Math.sqrt(count));
    }

    @Test
    void featuresAreImagesPositionsAndLabels() {
        MultiDataSet labelled = builder(10, 3).build().next();
        assertEquals(3, labelled.numFeatureArrays());
        assertEquals(3, labelled.getFeatures(2).size(1));
        assertEquals(0, labelled.numLabelsArrays());
        MultiDataSet target = builder(10, 3).labelsAsTargets(true).build().next();
        assertEquals(2, target.numFeatureArrays());
        assertEquals(labelled.getFeatures(2), target.getLabels(0));
        assertThrows(IllegalArgumentException.class, () -> builder(10, 0).labelsAsTargets(true));
        PatchIterator plain = builder(10, 0).build();
        assertEquals(2, plain.next().numFeatureArrays());
        plain.setPreProcessor(data -> data.setFeatures(0, data.getFeatures(0).neg()));
        MultiDataSet negated = plain.next();
        plain.seek(1);
        assertEquals(plain.nextBatch().y().neg(), negated.getFeatures(0));
    }

    @Test
    void dl4jsOwnPrefetchingGivesTheSameBatches() {
        PatchIterator plain = builder(10, 3).steps(6).labelsAsTargets(true).build();
        AsyncMultiDataSetIterator ahead = new AsyncMultiDataSetIterator(
                builder(10, 3).steps(6).labelsAsTargets(true).build(), 2);
        try {
            int steps = 0;
            while (ahead.hasNext()) {
                assertEquals(plain.next(), ahead.next());
                steps++;
            }
            assertEquals(6, steps);
        } finally {
            ahead.shutdown();
        }
    }

    @Test
    void aBoundedIteratorEndsAndStartsAgain() {
        PatchIterator iterator = builder(10, 0).steps(4).build();
        List<String> first = contents(iterator, 4);
        assertFalse(iterator.hasNext());
        assertThrows(NoSuchElementException.class, iterator::nextBatch);
        iterator.reset();
        assertEquals(first, contents(iterator, 4));
    }

    @Test
    void failuresReachTheCaller() {
        PatchIterator plain = builder(20, 0).build();
        Exception e = assertThrows(IllegalStateException.class, () -> contents(plain, 20));
        assertEquals("image 13 is broken", e.getMessage());
        PatchIterator planned = builder(20, 0).build();
        try (Prefetcher<PatchBatch> batches = new Prefetcher<>(2, 3, planned::plan, PatchBatch::close)) {
            e = assertThrows(IllegalStateException.class, () -> {
                for (int i = 0; i < 20; i++) {
                    batches.take().close();
                }
            });
            assertEquals("image 13 is broken", e.getMessage());
        }
    }

    @Test
    void badSettingsAreRefused() {
        ImageDataset dataset = fakeDataset(10, 16, 16, 0);
        Exception e = assertThrows(IllegalArgumentException.class, () -> PatchIterator.builder(dataset, SIZES));
        assertEquals("patch sizes are for images of 24x16, but those of fake are 16x16", e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> builder(10, 0).batch(0));
        assertThrows(IllegalArgumentException.class, () -> builder(10, 0).steps(0));
        assertThrows(
                IllegalArgumentException.class, () -> builder(10, 0).build().seek(-1));
    }

    @Test
    void aScheduleReplacesTheDraw() {
        PatchSize whole = new PatchSize(16, 24);
        PatchIterator iterator = builder(10, 0).schedule(step -> whole).build();
        for (int i = 0; i < 5; i++) {
            try (PatchBatch batch = iterator.nextBatch()) {
                assertSame(whole, batch.size());
            }
        }
    }
}
