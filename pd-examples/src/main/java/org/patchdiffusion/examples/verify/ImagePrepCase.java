package org.patchdiffusion.examples.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.convert.ConvertOptions;
import org.patchdiffusion.data.convert.Framing;
import org.patchdiffusion.data.convert.Transform;
import org.patchdiffusion.data.source.PixelImage;

/** Resizes and crops of a data set's conversion: uint8 [height, width, 3] images, to one level. */
final class ImagePrepCase implements CaseKind {
    private static final Pattern OUTPUT = Pattern.compile("out\\.(\\d+)\\.([a-z-]+)\\.(\\d+)x(\\d+)");
    private static final int CHANNELS = 3;

    @Override
    public String prefix() {
        return "image-prep";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        return golden.arrays().keySet().stream()
                .anyMatch(key -> OUTPUT.matcher(key).matches());
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) {
        List<Check> checks = new ArrayList<>();
        for (String key : new TreeSet<>(golden.arrays().keySet())) {
            if (OUTPUT.matcher(key).matches()) {
                int levels = largestDifference(image(golden.array(key)), framed(golden, key));
                checks.add(new Check(key + " (levels)", levels, 1));
            }
        }
        for (var refused : golden.setting("refused")) {
            String key = refused.get(0).asText();
            checks.add(new Check(key + " (accepted)", isRefused(golden, key) ? 0 : 1, 0));
        }
        return checks;
    }

    private static boolean isRefused(GoldenCase golden, String key) {
        try {
            framed(golden, key);
            return false;
        } catch (IllegalArgumentException e) {
            // What the official tool leaves out, ours must refuse.
            return e.getMessage().contains("too small");
        }
    }

    private static PixelImage framed(GoldenCase golden, String key) {
        Matcher parts = OUTPUT.matcher(key);
        if (!parts.matches()) {
            throw new IllegalArgumentException("the name " + key + " is not out.NUMBER.TRANSFORM.WIDTHxHEIGHT");
        }
        Transform transform =
                Transform.valueOf(parts.group(2).toUpperCase(Locale.ROOT).replace('-', '_'));
        ConvertOptions options =
                ConvertOptions.to(Integer.parseInt(parts.group(4)), Integer.parseInt(parts.group(3)), transform);
        return new Framing(options).apply(image(golden.array("in." + parts.group(1))));
    }

    private static PixelImage image(INDArray array) {
        int height = (int) array.size(0);
        int width = (int) array.size(1);
        double[] samples = Errors.doubles(array);
        int plane = height * width;
        byte[] pixels = new byte[CHANNELS * plane];
        for (int i = 0; i < plane; i++) {
            for (int c = 0; c < CHANNELS; c++) {
                pixels[c * plane + i] = (byte) (int) samples[CHANNELS * i + c];
            }
        }
        return new PixelImage(CHANNELS, height, width, pixels);
    }

    /** 256 if the sizes differ. */
    private static int largestDifference(PixelImage want, PixelImage got) {
        int largest = want.size().equals(got.size()) ? 0 : 256;
        for (int i = 0; i < want.pixels().length && largest < 256; i++) {
            largest = Math.max(largest, Math.abs((want.pixels()[i] & 255) - (got.pixels()[i] & 255)));
        }
        return largest;
    }
}
