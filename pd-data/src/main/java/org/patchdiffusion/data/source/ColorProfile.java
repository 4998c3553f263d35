package org.patchdiffusion.data.source;

import java.awt.color.CMMException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.ColorConvertOp;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.util.Arrays;
import java.util.Optional;

/** Brings samples from the colour space of an ICC profile to sRGB. */
final class ColorProfile {

    private static final int RGB = 3;
    private static final int CMYK = 4;

    /** A profile that moves no colour by more levels than this is sRGB under another name. */
    private static final int SAME = 2;

    private static final int PROBES = 6;

    /** The images of a camera share a profile, and a conversion takes longer to make than to use on a small image. */
    private static final ThreadLocal<Last> LAST = new ThreadLocal<>();

    /** The conversion that a thread used last, and what it was made for. */
    private record Last(byte[] embedded, int components, int max, Optional<ColorProfile> conversion) {}

    private final ColorConvertOp conversion;
    private final int components;
    private final int max;

    private ColorProfile(ICC_Profile profile, int components, int max) {
        ICC_Profile srgb = ICC_Profile.getInstance(ColorSpace.CS_sRGB);
        this.conversion = new ColorConvertOp(new ICC_Profile[] {profile, srgb}, null);
        this.components = components;
        this.max = max;
    }

    /** Whether bytes are a profile of that many components. */
    static boolean fits(byte[] profile, int components) {
        return parse(profile).filter(p -> p.getNumComponents() == components).isPresent();
    }

    /**
     * The conversion of an image's samples, if they need one.
     *
     * @param embedded the profile that the file holds; a damaged one, or one for other components, is ignored
     * @param model tells the colour space of four components if the file holds no profile
     * @param components colour samples of a pixel
     * @param max the largest sample
     */
    static Optional<ColorProfile> of(byte[] embedded, ColorModel model, int components, int max) {
        Last last = LAST.get();
        boolean same = last != null
                && embedded.length > 0
                && last.components == components
                && last.max == max
                && Arrays.equals(last.embedded, embedded);
        if (!same) {
            last = new Last(embedded, components, max, conversion(embedded, model, components, max));
            LAST.set(last);
        }
        return last.conversion;
    }

    private static Optional<ColorProfile> conversion(byte[] embedded, ColorModel model, int components, int max) {
        Optional<ICC_Profile> profile = parse(embedded).filter(p -> p.getNumComponents() == components);
        if (profile.isEmpty() && components == CMYK && model.getColorSpace() instanceof ICC_ColorSpace space) {
            profile = Optional.of(space.getProfile());
        }
        try {
            return profile.map(p -> new ColorProfile(p, components, max)).filter(p -> !p.changesNothing());
        } catch (CMMException | IllegalArgumentException e) {
            // The profile is whole but makes no sense: the picture is shown without it, as viewers do.
            return Optional.empty();
        }
    }

    private static Optional<ICC_Profile> parse(byte[] bytes) {
        if (bytes.length == 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(ICC_Profile.getInstance(bytes));
        } catch (IllegalArgumentException | CMMException e) {
            // A damaged profile does not spoil the picture: viewers show it without one.
            return Optional.empty();
        }
    }

    /** Compares a grid of colours with what they become; also finds profiles that cannot be used at all. */
    private boolean changesNothing() {
        int count = components == 1 ? 256 : PROBES * PROBES * PROBES;
        int[] from = new int[count * components];
        for (int i = 0; i < count; i++) {
            int rest = i;
            for (int c = 0; c < components; c++) {
                from[i * components + c] = components == 1 ? i * max / 255 : rest % PROBES * max / (PROBES - 1);
                rest /= PROBES;
            }
        }
        int[] to = new int[count * RGB];
        toSrgb(from, components, to, count);
        for (int i = 0; i < count * RGB && components != CMYK; i++) {
            int stored = from[components == 1 ? i / RGB : i];
            if (Math.abs((int) Math.round(stored * 255.0 / max) - to[i]) > SAME) {
                return false;
            }
        }
        return components != CMYK;
    }

    /**
     * Converts pixels.
     *
     * @param samples interleaved, {@code stride} for each pixel, 0 to max; may be {@code srgb}
     * @param srgb filled with red, green, blue of each pixel, 0 to 255
     */
    void toSrgb(int[] samples, int stride, int[] srgb, int count) {
        int type = max > 255 ? DataBuffer.TYPE_USHORT : DataBuffer.TYPE_BYTE;
        int full = max > 255 ? 65535 : 255;
        WritableRaster from = Raster.createInterleavedRaster(type, count, 1, components, null);
        int[] row = new int[count * components];
        for (int i = 0; i < count; i++) {
            for (int c = 0; c < components; c++) {
                int sample = samples[i * stride + c];
                row[i * components + c] = max == full ? sample : (int) ((long) sample * full / max);
            }
        }
        from.setPixels(0, 0, count, 1, row);
        WritableRaster to = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, count, 1, RGB, null);
        conversion.filter(from, to);
        to.getPixels(0, 0, count, 1, srgb);
    }
}
