package org.patchdiffusion.examples.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.Crop;
import org.patchdiffusion.data.PatchCropper;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Positions;

/** Crops at recorded offsets and their position channels, bit for bit. */
final class PatchesCase implements CaseKind {
    private static final Pattern OFFSETS = Pattern.compile("(patch\\d+)\\.offset_ij");

    @Override
    public String prefix() {
        return "patches";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        return golden.has("images") && !groups(golden).isEmpty();
    }

    private static TreeSet<String> groups(GoldenCase golden) {
        TreeSet<String> groups = new TreeSet<>();
        for (String key : golden.arrays().keySet()) {
            Matcher offsets = OFFSETS.matcher(key);
            if (offsets.matches()) {
                groups.add(offsets.group(1));
            }
        }
        return groups;
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) {
        List<Check> checks = new ArrayList<>();
        for (String group : groups(golden)) {
            compare(golden, group, checks);
        }
        return checks;
    }

    private static void compare(GoldenCase golden, String group, List<Check> checks) {
        INDArray images = golden.array("images");
        float[] pixels = images.dup('c').data().asFloat();
        INDArray want = golden.array(group + ".images");
        int count = (int) images.size(0);
        int channels = (int) images.size(1);
        PatchCropper cropper = new PatchCropper(channels, (int) images.size(2), (int) images.size(3));
        PatchSize size = new PatchSize((int) want.size(2), (int) want.size(3));
        double[] offsets = golden.doubles(group + ".offset_ij");
        int area = size.height() * size.width();
        int length = pixels.length / count;
        float[] crops = new float[count * channels * area];
        float[] positions = new float[count * Positions.CHANNELS * area];
        for (int i = 0; i < count; i++) {
            Crop crop = new Crop(i, false, (int) offsets[2 * i], (int) offsets[2 * i + 1]);
            cropper.values(
                    Arrays.copyOfRange(pixels, i * length, (i + 1) * length), crop, size, crops, i * channels * area);
            cropper.positions(crop.top(), crop.left(), size, positions, i * Positions.CHANNELS * area);
        }
        checks.add(exact(group + ".images", crops, golden));
        checks.add(exact(group + ".pos", positions, golden));
    }

    private static Check exact(String key, float[] got, GoldenCase golden) {
        float[] want = golden.floats(key).dup('c').data().asFloat();
        int differing = Math.abs(got.length - want.length);
        for (int i = 0; i < Math.min(got.length, want.length); i++) {
            differing += Float.floatToIntBits(got[i]) == Float.floatToIntBits(want[i]) ? 0 : 1;
        }
        return new Check(key + " (elements that differ)", differing, 0);
    }
}
