package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.DatasetSplit;
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
final class DataOptions implements HelpSection {

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "Data set: zip or folder of images of one size, or another source that dataset takes; may be"
                    + " left out beside --resume.")
    Path data;

    @Option(
            names = "--classes",
            paramLabel = "LIST",
            converter = IntegerList.NotNegative.class,
            description = "Train on images of these classes only; the data set must have labels.")
    IntegerList classes;

    @Option(
            names = "--hold-out-every",
            paramLabel = "N",
            converter = WholeNumber.Several.class,
            description = "Keep every N-th image out of training, to compare samples with.")
    Integer holdOutEvery;

    @Option(
            names = "--cache",
            paramLabel = "PLACE",
            defaultValue = "auto",
            converter = PlaceConverter.class,
            description = "Where decoded images are kept: memory, disk (uncompressed beside the data), none (decoded"
                    + " whenever they are shown), or auto: the first of these that there is room for.")
    PixelCache cache;

    @Option(names = "--any-size", description = "Accept images whose sides are not powers of two.")
    boolean anySize;

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

    @Override
    public String heading() {
        return "The data";
    }

    /** @throws ParameterException if no data set was given */
    void requireGiven() {
        if (data == null) {
            throw new ParameterException(command.commandLine(), "Missing required option: '--data=PATH'");
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

    /** The images to train on and every N-th, as {@code --hold-out-every} says. */
    DatasetSplit split(ImageDataset all) {
        if (holdOutEvery > all.size()) {
            throw new ParameterException(
                    command.commandLine(),
                    "--hold-out-every is " + holdOutEvery + ", expected 2 to the number of images, " + all.size());
        }
        return all.everyNth(holdOutEvery);
    }

    private DatasetOptions options(LabelUse labels) {
        try {
            return DatasetOptions.ALL
                    .withLabels(labels)
                    .withClasses(classes == null ? Set.of() : new TreeSet<>(classes.values()))
                    .withCache(cache);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--classes: " + e.getMessage(), e);
        }
    }
}
