package org.patchdiffusion.data.augment;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The transforms, in the order in which they are drawn and in which their labels stand (Karras et al. 2022, table 6). */
public enum Augmentation {
    /** Mirrored left to right with probability 1/2. Label: whether. */
    XFLIP(new Flip(Flip.Direction.LEFT_RIGHT)),
    /** Mirrored top to bottom with probability 1/2. Label: whether. */
    YFLIP(new Flip(Flip.Direction.TOP_BOTTOM)),
    /** Turned by a multiple of 90 degrees. Two labels, which tell the four turns apart. */
    ROTATE_INT(new QuarterTurn()),
    /** Moved by whole pixels, up to 1/8 of each side. Labels: the part of the largest shift, x and y. */
    TRANSLATE_INT(new PixelShift()),
    /** Scaled by 2^(0.2 w), w standard normal. Label: w. */
    SCALE(new Scaling()),
    /** Turned by an angle, uniform over the circle. Labels: its cosine - 1 and its sine. */
    ROTATE_FRAC(new Rotation()),
    /** Stretched by 2^(0.2 w), w standard normal, along an axis of angle a and shrunk across it. Labels: w cos a, w sin a. */
    ANISO(new Stretch()),
    /** Moved by w/8 of each side, w standard normal. Labels: w of x and of y. */
    TRANSLATE_FRAC(new Shift()),
    /** Brightness changed by 0.2 w, w standard normal. Label: w. */
    BRIGHTNESS(new Brightness()),
    /** Values multiplied by 2^(0.5 w), w standard normal. Label: w. */
    CONTRAST(new Contrast()),
    /** Luma inverted, with hue and saturation kept, with probability 1/2. Label: whether. */
    LUMAFLIP(new LumaFlip()),
    /** Hue turned by an angle, uniform over the circle. Labels: its cosine - 1 and its sine. */
    HUE(new Hue()),
    /** Saturation multiplied by 2^w, w standard normal. Label: w. */
    SATURATION(new Saturation());

    private final ImageTransform transform;

    Augmentation(ImageTransform transform) {
        this.transform = transform;
    }

    ImageTransform transform() {
        return transform;
    }

    /** Number of labels that tell what the transform did; all are 0 when it did nothing. */
    public int labelWidth() {
        return transform.labelWidth();
    }

    /** Whether it changes colours rather than moving pixels. */
    public boolean changesColour() {
        return compareTo(BRIGHTNESS) >= 0;
    }

    /**
     * The transform of a name such as {@code rotate_int}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Augmentation byName(String name) {
        return Arrays.stream(values())
                .filter(a -> a.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the augmentation " + name
                        + " is unknown: expected one of "
                        + Arrays.stream(values())
                                .map(a -> a.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "))));
    }
}
