package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.LabelUse;
import org.patchdiffusion.data.PixelCache;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Which images to train on, and where they are kept meanwhile. */
final class DataOptions {

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "Data set: zip or folder of images; may be left out beside --resume.")
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

    /** For reading recorded arguments by the same rules as those of the command line. */
    @Command(name = "pd train")
    private static final class Recorded {
        @Mixin
        DataOptions options;
    }

    /** Reads arguments that {@link #arguments} gave. */
    static DataOptions of(List<String> arguments) {
        Recorded recorded = new Recorded();
        new CommandLine(recorded)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .parseArgs(arguments.toArray(String[]::new));
        return recorded.options;
    }

    /** What was given, as arguments that mean the same from any folder: {@code --name=value} each. */
    List<String> arguments() {
        CommandSpec own = CommandSpec.forAnnotatedObject(new DataOptions());
        List<String> arguments = new ArrayList<>();
        for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
            if (option.longestName().equals("--data")) {
                arguments.add("--data=" + data.toAbsolutePath().normalize());
            } else if (own.findOption(option.longestName()) != null) {
                arguments.add(option.longestName() + "=" + String.join(",", option.originalStringValues()));
            }
        }
        return arguments;
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
        try (CountingBar bar = new CountingBar("reading " + data.getFileName())) {
            return ImageDataset.open(data, options, bar);
        }
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
