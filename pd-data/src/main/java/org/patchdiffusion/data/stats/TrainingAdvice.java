package org.patchdiffusion.data.stats;

import java.util.List;
import java.util.Locale;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.PixelType;

/** Settings of training that follow from the statistics of a data set. */
public final class TrainingAdvice {

    /** What Karras et al. 2022 (table 1) set for data of deviation 0.5 and sides of 32 and 64. */
    private static final double USUAL_SIGMA_DATA = 0.5;

    private static final double USUAL_P_MEAN = -1.2;
    private static final double USUAL_P_STD = 1.2;
    private static final int USUAL_SIDE = 64;

    /** A patch smaller than this has nothing left after the usual two or three halvings. */
    private static final int LEAST_PATCH = 8;

    /** A patch that shows less of the variance than this teaches little. */
    private static final double LEAST_SHARE = 0.15;

    private TrainingAdvice() {}

    /** sigma_data, sigma_max, P_mean, P_std and the patch sizes. */
    public static List<Suggestion> of(DatasetStatistics statistics) {
        return List.of(
                sigmaData(statistics),
                sigmaMax(statistics),
                pMean(statistics),
                pStd(statistics),
                patchSizes(statistics));
    }

    private static Suggestion sigmaData(DatasetStatistics statistics) {
        return new Suggestion(
                "sigma_data",
                number(statistics.moments().deviation()),
                "The standard deviation of all values, which the preconditioning assumes for the data (Karras et al. 2022,"
                        + " table 1).");
    }

    private static Suggestion sigmaMax(DatasetStatistics statistics) {
        Distances distances = statistics.distances();
        return new Suggestion(
                "sigma_max",
                String.format(
                        Locale.ROOT,
                        "%.0f",
                        Math.max(1, Math.ceil(distances.pairwise().max()))),
                text(
                        "The largest distance between two of %,d images is %.1f; with noise that strong, sampling can"
                                + " begin anywhere and reach every image (Song and Ermon 2020, technique 1).",
                        distances.images(), distances.pairwise().max()));
    }

    private static double valueOfPMean(DatasetStatistics statistics) {
        int side = Math.min(statistics.data().height(), statistics.data().width());
        double larger =
                statistics.data().pixels() == PixelType.UINT8 ? Math.max(0, Math.log((double) side / USUAL_SIDE)) : 0;
        double deviation = Math.max(statistics.moments().deviation(), 1e-3);
        return USUAL_P_MEAN + Math.log(deviation / USUAL_SIGMA_DATA) + larger;
    }

    private static Suggestion pMean(DatasetStatistics statistics) {
        int side = Math.min(statistics.data().height(), statistics.data().width());
        boolean large = statistics.data().pixels() == PixelType.UINT8 && side > USUAL_SIDE;
        return new Suggestion(
                "P_mean",
                number(valueOfPMean(statistics)),
                text(
                        "%.1f suits data of deviation %.1f (Karras et al. 2022); ln(%s / %.1f) keeps the same noise in"
                                + " proportion to this data%s.",
                        USUAL_P_MEAN,
                        USUAL_SIGMA_DATA,
                        number(statistics.moments().deviation()),
                        USUAL_SIGMA_DATA,
                        large
                                ? ", and ln(" + side + " / " + USUAL_SIDE + ") makes up for large images hiding noise"
                                        + " better (Hoogeboom et al. 2023)"
                                : ""));
    }

    private static Suggestion pStd(DatasetStatistics statistics) {
        double middle = valueOfPMean(statistics);
        return new Suggestion(
                "P_std",
                number(USUAL_P_STD),
                text(
                        "As Karras et al. 2022: 95%% of the noise levels then lie between %s and %s, around the deviation of"
                                + " the data, where there is something to learn.",
                        number(Math.exp(middle - 2 * USUAL_P_STD)), number(Math.exp(middle + 2 * USUAL_P_STD))));
    }

    private static Suggestion patchSizes(DatasetStatistics statistics) {
        int side = Math.min(statistics.data().height(), statistics.data().width());
        boolean latents = statistics.data().pixels() == PixelType.FLOAT32;
        boolean quarter = !latents && useful(statistics, side / 4);
        boolean half = useful(statistics, side / 2);
        String sizes = quarter ? "1/4:0.2,1/2:0.3,1:0.5" : half ? "1/2:0.5,1:0.5" : "1:1";
        String reason = quarter
                ? text(
                        "Patches of a quarter (%d pixels) still show waves with %.0f%% of the variance, those of a half %.0f%%;"
                                + " half of the steps on whole images teach the rest (the paper's choice).",
                        side / 4, percent(statistics, side / 4), percent(statistics, side / 2))
                : half
                        ? text(
                                "Patches of a half (%d pixels) show waves with %.0f%% of the variance; a quarter %s.",
                                side / 2, percent(statistics, side / 2), tooLittle(statistics, side / 4, latents))
                        : text(
                                "Even patches of a half %s, so train on whole images.",
                                tooLittle(statistics, side / 2, false));
        return new Suggestion("patch_sizes", PatchDistribution.parse(sizes).toString(), reason);
    }

    private static boolean useful(DatasetStatistics statistics, int pixels) {
        return pixels >= LEAST_PATCH && statistics.spectrum().shareWithin(pixels) >= LEAST_SHARE;
    }

    private static String tooLittle(DatasetStatistics statistics, int pixels, boolean latents) {
        if (latents) {
            return "is not used on latents (the paper's choice)";
        }
        return pixels < LEAST_PATCH
                ? "would be " + pixels + " pixels, too small to halve"
                : text("(%d pixels) would show %.0f%% of it, too little", pixels, percent(statistics, pixels));
    }

    private static double percent(DatasetStatistics statistics, int pixels) {
        return 100 * statistics.spectrum().shareWithin(pixels);
    }

    private static String number(double value) {
        return text("%.3g", value);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
