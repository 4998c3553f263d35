package org.patchdiffusion.examples.cli;

import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.augment.AugmentPlace;
import org.patchdiffusion.train.config.TrainingConfig;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which patches are cut from the images, and what is done to them. */
final class PatchOptions implements HelpSection {

    @Option(
            names = {"--real-p", "--real_p"},
            paramLabel = "P",
            defaultValue = "0.5",
            converter = RealNumber.Share.class,
            description = "Share of steps on whole images; the rest shows patches.")
    double realP;

    @Option(
            names = "--patch-sizes",
            paramLabel = "SIZE:P,...",
            converter = SizesConverter.class,
            description = "Patch sizes with their probabilities, as shares of the image's sides or in pixels:"
                    + " 1/4:0.2,1/2:0.3,1:0.5 is what --real-p 0.5 stands for.")
    PatchDistribution patchSizes;

    @Option(
            names = "--progressive",
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "Walk through the patch sizes from small to large instead of drawing them.")
    YesNo progressive;

    @Option(
            names = "--xflip",
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "Mirror images at random.")
    YesNo xflip;

    @Option(
            names = "--augment",
            paramLabel = "P",
            defaultValue = "0",
            converter = RealNumber.Share.class,
            description = "Augment images with this base probability, without their showing in samples.")
    double augment;

    @Option(
            names = "--augment-at",
            paramLabel = "WHAT",
            defaultValue = "patch",
            description = "Augment each patch, or the whole image before it is cut: patch or image.")
    AugmentPlace augmentAt;

    /** Reads patch sizes. */
    static final class SizesConverter implements ITypeConverter<PatchDistribution> {
        @Override
        public PatchDistribution convert(String text) {
            try {
                return PatchDistribution.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    @Override
    public String heading() {
        return "Patches and augmentation";
    }

    /** Sets the settings of these options. */
    void applyTo(TrainingConfig.Builder settings) {
        settings.realP(realP)
                .patchSizes(patchSizes)
                .progressive(progressive.value())
                .xflip(xflip.value())
                .augment(augment)
                .augmentAt(augmentAt);
    }
}
