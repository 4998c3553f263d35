package org.patchdiffusion.data;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which patch sizes a run uses and how much of it each one has (Wang et al., "Patch Diffusion", arXiv 2304.12526, section
 * 3.3), for images of any size. As text, {@code 1/4:0.2,1/2:0.3,1:0.5}: sizes, as shares of the image's sides or in pixels
 * of its shorter side ({@code 16:0.5,32:0.5}), each with its probability.
 *
 * @param shares the sizes; their probabilities have sum 1
 */
public record PatchDistribution(List<Share> shares) {

    private static final double SUM_TOLERANCE = 1e-6;
    private static final int MAX_SHARES = 64;
    private static final Pattern RATIO = Pattern.compile("([1-9]\\d{0,3})/([1-9]\\d{0,3})");
    private static final Pattern PIXELS = Pattern.compile("[1-9]\\d{0,8}");
    private static final String FORM =
            "; expected sizes with probabilities of sum 1, as 1/4:0.2,1/2:0.3,1:0.5 (shares of the image's sides) or"
                    + " 16:0.5,64:0.5 (pixels)";

    /** How long the shorter side of a patch is. */
    public sealed interface Side permits Ratio, Pixels {

        /** In pixels, for an image whose shorter side is this long. */
        int of(int shorterSide);

        /** The same size, equal to every other writing of it. */
        Side reduced();
    }

    /**
     * A share of the image's sides, rounded down to pixels.
     *
     * @param numerator 1 to the denominator
     * @param denominator at least 1
     */
    public record Ratio(int numerator, int denominator) implements Side {

        /** @throws IllegalArgumentException if it is not above 0 and at most 1 */
        public Ratio {
            if (numerator < 1 || numerator > denominator) {
                throw new IllegalArgumentException("patch size " + numerator + "/" + denominator
                        + " of the image, expected more than nothing and at most all of it");
            }
        }

        @Override
        public int of(int shorterSide) {
            return (int) ((long) shorterSide * numerator / denominator);
        }

        @Override
        public Ratio reduced() {
            int divisor = BigInteger.valueOf(numerator)
                    .gcd(BigInteger.valueOf(denominator))
                    .intValueExact();
            return new Ratio(numerator / divisor, denominator / divisor);
        }

        @Override
        public String toString() {
            return numerator == denominator ? "1" : numerator + "/" + denominator;
        }
    }

    /**
     * A number of pixels.
     *
     * @param count at least 2
     */
    public record Pixels(int count) implements Side {

        /** @throws IllegalArgumentException if it is less than 2 */
        public Pixels {
            if (count < 2) {
                throw new IllegalArgumentException("patch size of " + count + " pixels, expected at least 2");
            }
        }

        @Override
        public int of(int shorterSide) {
            return count;
        }

        @Override
        public Pixels reduced() {
            return this;
        }

        @Override
        public String toString() {
            return String.valueOf(count);
        }
    }

    /**
     * A size with its probability: drawn sizes have it of all steps, sizes walked through of all images.
     *
     * @param side the size
     * @param probability from 0 to 1; a size of probability 0 does not occur
     */
    public record Share(Side side, double probability) {

        /** @throws IllegalArgumentException if the probability is out of range */
        public Share {
            if (!(probability >= 0 && probability <= 1)) {
                throw new IllegalArgumentException(
                        "patch size " + side + " has probability " + probability + ", expected 0 to 1");
            }
        }

        @Override
        public String toString() {
            return side + ":" + probability;
        }
    }

    /** @throws IllegalArgumentException if there are none or too many, one occurs twice, or their sum is not 1 */
    public PatchDistribution {
        shares = List.copyOf(shares);
        if (shares.isEmpty() || shares.size() > MAX_SHARES) {
            throw new IllegalArgumentException(
                    "patch sizes: got " + shares.size() + " of them, expected 1 to " + MAX_SHARES);
        }
        double sum = shares.stream().mapToDouble(Share::probability).sum();
        if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
            throw new IllegalArgumentException("patch sizes: the probabilities have the sum " + sum + FORM);
        }
        Set<Side> sides = new HashSet<>();
        for (Share share : shares) {
            if (!sides.add(share.side().reduced())) {
                throw new IllegalArgumentException("patch sizes: " + share.side() + " of \"" + text(shares)
                        + "\" occurs twice; give each size once, with the sum of its probabilities");
            }
        }
    }

    /**
     * The paper's sizes for pixels: a quarter, a half and all of the image's sides with probabilities 0.4(1-p), 0.6(1-p)
     * and p.
     *
     * @param realP p, the share of whole images, 0 to 1 ({@code --real-p}; 0.5 in the paper)
     * @throws IllegalArgumentException if p is out of range
     */
    public static PatchDistribution ofPixels(double realP) {
        requireProbability(realP);
        return new PatchDistribution(List.of(
                new Share(new Ratio(1, 4), 0.4 * (1 - realP)),
                new Share(new Ratio(1, 2), 0.6 * (1 - realP)),
                new Share(new Ratio(1, 1), realP)));
    }

    /**
     * The paper's sizes for latents: a half and all of the sides with probabilities 1-p and p.
     *
     * @throws IllegalArgumentException if p is out of range
     */
    public static PatchDistribution ofLatents(double realP) {
        requireProbability(realP);
        return new PatchDistribution(List.of(new Share(new Ratio(1, 2), 1 - realP), new Share(new Ratio(1, 1), realP)));
    }

    private static void requireProbability(double realP) {
        if (!(realP >= 0 && realP <= 1)) {
            throw new IllegalArgumentException("share of whole images (real_p) is " + realP + ", expected 0 to 1");
        }
    }

    /**
     * Reads the text form.
     *
     * @throws IllegalArgumentException if it is another text, saying which part and what was expected
     */
    @JsonCreator
    public static PatchDistribution parse(String text) {
        List<Share> shares = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            String[] sides = part.strip().split(":", -1);
            if (sides.length != 2) {
                throw new IllegalArgumentException(
                        "patch sizes: \"" + part.strip() + "\" is not size:probability" + FORM);
            }
            shares.add(new Share(side(sides[0].strip()), probability(sides[1].strip())));
        }
        return new PatchDistribution(shares);
    }

    private static Side side(String text) {
        Matcher ratio = RATIO.matcher(text);
        if (ratio.matches()) {
            return new Ratio(Integer.parseInt(ratio.group(1)), Integer.parseInt(ratio.group(2)));
        }
        if (!PIXELS.matcher(text).matches()) {
            throw new IllegalArgumentException("patch sizes: \"" + text + "\" is not a size" + FORM);
        }
        return text.equals("1") ? new Ratio(1, 1) : new Pixels(Integer.parseInt(text));
    }

    private static double probability(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("patch sizes: \"" + text + "\" is not a probability" + FORM, e);
        }
    }

    /** The text form, which {@link #parse} reads back exactly. */
    @Override
    @JsonValue
    public String toString() {
        return text(shares);
    }

    private static String text(List<Share> shares) {
        return shares.stream().map(Share::toString).collect(Collectors.joining(","));
    }
}
