package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.LabelUse;
import org.patchdiffusion.data.PixelCache;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Which images to train on, and where they are kept meanwhile. */
final class DataOptions {

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(names = "--data", required = true, paramLabel = "PATH", description = "Data set: zip or folder of images.")
    Path data;

    @Option(
            names = "--classes",
            paramLabel = "N,...",
            split = ",",
            description = "Train on images of these classes only; the data set must have labels.")
    Set<Integer> classes = Set.of();

    @Option(
            names = "--hold-out-every",
            paramLabel = "N",
            description = "Keep every N-th image out of training, to compare samples with.")
    Integer holdOutEvery;

    @Option(
            names = "--cache",
            paramLabel = "PLACE",
            defaultValue = "auto",
            converter = PlaceConverter.class,
            description = "Where decoded images are kept: memory, disk (uncompressed beside the data), none (decoded"
                    + " whenever they are shown), or auto: the first of these that there is room for; default auto.")
    PixelCache cache;

    /** Reads a place, or the official tool's truth value. */
    static final class PlaceConverter implements ITypeConverter<PixelCache> {
        @Override
        public PixelCache convert(String text) {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "auto" -> PixelCache.AUTO;
                case "memory", "true", "1" -> PixelCache.MEMORY;
                case "disk" -> PixelCache.DISK;
                case "none", "false", "0" -> PixelCache.NONE;
                default -> throw new TypeConversionException("\"" + text + "\" is not auto, memory, disk or none");
            };
        }
    }

    /** Opens the data set with a progress bar. */
    ImageDataset open(LabelUse labels) throws IOException {
        DatasetOptions options = options(labels);
        ImageDataset images;
        try (CountingBar bar = new CountingBar("reading " + data.getFileName())) {
            images = ImageDataset.open(data, options, bar);
        }
        images.remarks().forEach(command.commandLine().getErr()::println);
        return images;
    }

    /** The images to train on. */
    ImageDataset training(ImageDataset all) {
        if (holdOutEvery == null) {
            return all;
        }
        if (holdOutEvery < 2 || holdOutEvery > all.size()) {
            throw new ParameterException(
                    command.commandLine(),
                    "--hold-out-every is " + holdOutEvery + ", expected 2 to the number of images, " + all.size());
        }
        return all.everyNth(holdOutEvery).training();
    }

    private DatasetOptions options(LabelUse labels) {
        try {
            return DatasetOptions.ALL.withLabels(labels).withClasses(classes).withCache(cache);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--classes: " + e.getMessage(), e);
        }
    }
}
