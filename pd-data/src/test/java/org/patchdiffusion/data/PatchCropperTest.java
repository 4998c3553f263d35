package org.patchdiffusion.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.source.PixelImage;
import org.patchdiffusion.model.io.Npz;

class PatchCropperTest {

    private static Map<String, INDArray> golden() throws IOException {
        return Npz.read(Path.of("src/test/resources/golden/patches.npz"));
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 8, 4})
    void patchesAndPositionsAreBitEqualToTheReference(int patch) throws IOException {
        Map<String, INDArray> golden = golden();
        String key = "patch" + patch + ".";
        float[] images = golden.get("images").data().asFloat();
        long[] offsets = golden.get(key + "offset_ij").data().asLong();
        PatchCropper cropper = new PatchCropper(3, 16, 16);
        PatchSize size = new PatchSize(patch, patch);
        float[] pixels = new float[4 * 3 * patch * patch];
        float[] positions = new float[4 * 2 * patch * patch];
        for (int i = 0; i < 4; i++) {
            Crop crop = new Crop(i, false, (int) offsets[2 * i], (int) offsets[2 * i + 1]);
            float[] image = Arrays.copyOfRange(images, i * 768, (i + 1) * 768);
            cropper.values(image, crop, size, pixels, i * 3 * patch * patch);
            cropper.positions(crop.top(), crop.left(), size, positions, i * 2 * patch * patch);
        }
        assertArrayEquals(golden.get(key + "images").data().asFloat(), pixels);
        assertArrayEquals(golden.get(key + "pos").data().asFloat(), positions);
    }

    @Test
    void wholeImagePositionsAreTheReferenceForEveryImage() throws IOException {
        float[] golden = golden().get("patch16.pos").data().asFloat();
        assertArrayEquals(golden, Positions.whole(4, 16, 16).data().asFloat());
        assertArrayEquals(new long[] {4, 2, 16, 16}, Positions.whole(4, 16, 16).shape());
    }

    @Test
    void eachSideIsScaledByItsOwnLength() {
        float[] pos = Positions.whole(1, 3, 5).data().asFloat();
        float[] x = {-1, -0.5f, 0, 0.5f, 1};
        for (int row = 0; row < 3; row++) {
            assertArrayEquals(x, Arrays.copyOfRange(pos, row * 5, row * 5 + 5));
            for (int column = 0; column < 5; column++) {
                assertEquals(row - 1, pos[15 + row * 5 + column]);
            }
        }
    }

    @Property
    void aPatchHoldsThePixelsAndPositionsOfTheWholeImageAtItsOffset(
            @ForAll @IntRange(min = 2, max = 12) int height,
            @ForAll @IntRange(min = 2, max = 12) int width,
            @ForAll boolean flipped,
            @ForAll long seed) {
        RandomStream random = RandomStream.of(seed, Purpose.CROP, 0, 0);
        PatchSize size = new PatchSize(1 + random.nextInt(height), 1 + random.nextInt(width));
        Crop crop = new Crop(
                0, flipped, random.nextInt(height - size.height() + 1), random.nextInt(width - size.width() + 1));
        byte[] image = new byte[3 * height * width];
        random.nextBytes(image);
        byte[] seen =
                flipped ? new PixelImage(3, height, width, image).mirrored().pixels() : image;
        float[] asFloats = new float[image.length];
        for (int i = 0; i < image.length; i++) {
            asFloats[i] = image[i];
        }
        PatchCropper cropper = new PatchCropper(3, height, width);
        int area = size.height() * size.width();
        float[] pixels = new float[3 * area];
        float[] values = new float[3 * area];
        float[] positions = new float[2 * area];
        cropper.pixels(image, crop, size, pixels, 0);
        cropper.values(asFloats, crop, size, values, 0);
        cropper.positions(crop.top(), crop.left(), size, positions, 0);
        float[] whole = Positions.whole(1, height, width).data().asFloat();
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < size.height(); y++) {
                for (int x = 0; x < size.width(); x++) {
                    int there = (crop.top() + y) * width + crop.left() + x;
                    int here = c * area + y * size.width() + x;
                    assertEquals((seen[c * height * width + there] & 255) / 127.5f - 1, pixels[here]);
                    assertEquals(seen[c * height * width + there], values[here]);
                    if (c < 2) {
                        assertEquals(whole[c * height * width + there], positions[here]);
                    }
                }
            }
        }
    }

    @Test
    void aPatchOutsideTheImageIsRefused() {
        PatchCropper cropper = new PatchCropper(3, 8, 8);
        float[] out = new float[3 * 16];
        PatchSize size = new PatchSize(4, 4);
        Exception e = assertThrows(
                IllegalArgumentException.class,
                () -> cropper.pixels(new byte[192], new Crop(0, false, 5, 0), size, out, 0));
        assertEquals("patch of 4x4 at row 5, column 0 does not lie in the image of 8x8", e.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> cropper.pixels(new byte[191], new Crop(0, false, 0, 0), size, out, 0));
        assertThrows(IllegalArgumentException.class, () -> new PatchCropper(3, 1, 8));
    }
}
