package org.patchdiffusion.data.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.PixelImage;
import org.patchdiffusion.model.io.Npz;

class FramingTest {

    private static final List<String> REFUSED = List.of(
            "out.3.center-crop-wide.32x24",
            "out.3.center-crop-wide.64x32",
            "out.6.center-crop-wide.32x24",
            "out.6.center-crop-wide.64x32");

    private static PixelImage frame(PixelImage image, int height, int width, Transform transform) {
        return frame(image, height, width, transform, Filter.AREA);
    }

    private static PixelImage frame(PixelImage image, int height, int width, Transform transform, Filter filter) {
        return new Framing(ConvertOptions.builder()
                        .size(height, width)
                        .transform(transform)
                        .filter(filter)
                        .build())
                .apply(image);
    }

    private static PixelImage planar(INDArray array) {
        int height = (int) array.size(0);
        int width = (int) array.size(1);
        int[] samples = array.data().asInt();
        byte[] pixels = new byte[samples.length];
        for (int i = 0; i < height * width; i++) {
            for (int c = 0; c < 3; c++) {
                pixels[c * height * width + i] = (byte) samples[3 * i + c];
            }
        }
        return new PixelImage(3, height, width, pixels);
    }

    @Test
    void everyResizeAndCropOfTheOfficialToolIsMetToOneLevel() throws IOException {
        Map<String, INDArray> golden = new TreeMap<>(Npz.read(Path.of("src/test/resources/golden/image-prep.npz")));
        int compared = 0;
        for (Map.Entry<String, INDArray> entry : golden.entrySet()) {
            String[] parts = entry.getKey().split("\\.");
            if (!parts[0].equals("out")) {
                continue;
            }
            PixelImage want = planar(entry.getValue());
            PixelImage got = official(golden, entry.getKey());
            assertEquals(want.size(), got.size(), entry.getKey());
            int worst = 0;
            for (int i = 0; i < want.pixels().length; i++) {
                worst = Math.max(worst, Math.abs((want.pixels()[i] & 255) - (got.pixels()[i] & 255)));
            }
            assertTrue(worst <= 1, entry.getKey() + " is off by " + worst);
            compared++;
        }
        assertEquals(38, compared);
        for (String key : REFUSED) {
            String message = assertThrows(IllegalArgumentException.class, () -> official(golden, key))
                    .getMessage();
            assertTrue(message.contains("too small for center-crop-wide"), message);
        }
    }

    private static PixelImage official(Map<String, INDArray> golden, String key) {
        String[] parts = key.split("\\.");
        Transform transform = Transform.valueOf(parts[2].replace('-', '_').toUpperCase(Locale.ROOT));
        String[] size = parts[3].split("x");
        PixelImage image = planar(golden.get("in." + parts[1]));
        return frame(image, Integer.parseInt(size[1]), Integer.parseInt(size[0]), transform, Filter.LANCZOS);
    }

    @Test
    void halvingByAreaAveragesTwoByTwoPixels() {
        byte[] p = new byte[3 * 8 * 8];
        RandomStream.of(1, Purpose.INIT, 0, 0).nextBytes(p);
        PixelImage half = frame(new PixelImage(3, 8, 8, p), 4, 4, Transform.NONE);
        for (int at = 0; at < 48; at++) {
            int corner = at / 4 * 16 + at % 4 * 2;
            int sum = (p[corner] & 255) + (p[corner + 1] & 255) + (p[corner + 8] & 255) + (p[corner + 9] & 255);
            assertEquals((sum + 2) / 4, half.pixels()[at] & 255);
        }
    }

    @Test
    void doublingByAreaInterpolatesBetweenPixelCentres() {
        PixelImage ramp = new PixelImage(1, 1, 3, new byte[] {0, 100, (byte) 200});
        assertArrayEquals(
                new byte[] {0, 25, 75, 125, (byte) 175, (byte) 200},
                Arrays.copyOf(frame(ramp, 2, 6, Transform.NONE).pixels(), 6));
    }

    @Test
    void centerCropKeepsTheMiddle() {
        byte[] pixels = new byte[3 * 2 * 6];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (10 * (i % 6));
        }
        PixelImage cropped = frame(new PixelImage(3, 2, 6, pixels), 2, 2, Transform.CENTER_CROP);
        for (int i = 0; i < 12; i++) {
            assertEquals(i % 2 == 0 ? 20 : 30, cropped.pixels()[i]);
        }
    }

    @Test
    void fitCentersTheWholeImageOnTheBackground() {
        PixelImage black = new PixelImage(3, 2, 4, new byte[24]);
        PixelImage onWhite = frame(black, 4, 4, Transform.FIT);
        PixelImage onColor = new Framing(ConvertOptions.builder()
                        .size(4, 4)
                        .transform(Transform.FIT)
                        .decoding(new Decoding(3, 0x112233))
                        .build())
                .apply(black);
        int[] color = {0x11, 0x22, 0x33};
        for (int i = 0; i < 48; i++) {
            boolean inside = i / 4 % 4 == 1 || i / 4 % 4 == 2;
            assertEquals(inside ? 0 : 255, onWhite.pixels()[i] & 255);
            assertEquals(inside ? 0 : color[i / 16], onColor.pixels()[i] & 255);
        }
    }

    @Test
    void anotherRatioNeedsATransform() {
        PixelImage image = new PixelImage(3, 6, 8, new byte[144]);
        assertEquals(
                "is 8x6, which has another ratio than 4x4; use the transform center-crop or fit",
                assertThrows(IllegalArgumentException.class, () -> frame(image, 4, 4, Transform.NONE))
                        .getMessage());
        assertEquals("4x4", frame(image, 4, 4, Transform.STRETCH).size());
    }

    @Property(tries = 300)
    void resizingKeepsConstantsAndAreasKeepTheMean(
            @ForAll @IntRange(min = 1, max = 20) int height,
            @ForAll @IntRange(min = 1, max = 20) int width,
            @ForAll @IntRange(min = 1, max = 20) int newHeight,
            @ForAll @IntRange(min = 1, max = 20) int newWidth,
            @ForAll @IntRange(min = 1, max = 4) int channels,
            @ForAll Filter filter,
            @ForAll byte value) {
        byte[] pixels = new byte[channels * height * width];
        Arrays.fill(pixels, value);
        for (Transform transform : List.of(Transform.CENTER_CROP, Transform.FIT, Transform.STRETCH)) {
            PixelImage resized =
                    frame(new PixelImage(channels, height, width, pixels), newHeight, newWidth, transform, filter);
            assertEquals(newWidth + "x" + newHeight, resized.size());
            for (byte pixel : resized.pixels()) {
                assertTrue(pixel == value || transform == Transform.FIT && pixel == -1);
            }
        }
        RandomStream.of(value, Purpose.INIT, height, width).nextBytes(pixels);
        PixelImage image = new PixelImage(channels, height, width, pixels);
        assertArrayEquals(
                pixels, frame(image, height, width, Transform.NONE, filter).pixels());
        PixelImage average = frame(image, 1, 1, Transform.STRETCH, Filter.AREA);
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (int i = 0; i < height * width; i++) {
                sum += pixels[c * height * width + i] & 255;
            }
            assertEquals(sum / (height * width), average.pixels()[c] & 255, 0.5 + 1e-9);
        }
    }
}
