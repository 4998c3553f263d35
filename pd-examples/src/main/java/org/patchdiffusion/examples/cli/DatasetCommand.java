package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import org.patchdiffusion.data.convert.Container;
import org.patchdiffusion.data.convert.ConversionSummary;
import org.patchdiffusion.data.convert.ConvertOptions;
import org.patchdiffusion.data.convert.DatasetConverter;
import org.patchdiffusion.data.convert.Filter;
import org.patchdiffusion.data.convert.Transform;
import org.patchdiffusion.data.source.Decoding;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Converts images into a data set. */
@Command(
        name = "dataset",
        description = "Converts images (a folder, a zip, CIFAR-10, MNIST, an LSUN lmdb) into a data set of one image"
                + " size, a zip or a folder.",
        subcommands = DatasetStatsCommand.class)
final class DatasetCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Option(
            names = "--source",
            paramLabel = "PATH",
            description = "Folder or zip of PNG, JPEG, WebP, GIF, BMP or TIFF images, cifar-10-python.tar.gz,"
                    + " an idx file of MNIST (its labels beside it), or the folder of an LSUN lmdb.")
    Path source;

    @Option(
            names = "--dest",
            paramLabel = "PATH",
            description = "Zip to write if the name ends in .zip, else a new folder.")
    String dest;

    @Option(
            names = "--resolution",
            paramLabel = "WxH",
            converter = ImageSize.Converter.class,
            description = "Size of the images, such as 32x32; by default they keep theirs, if it is the same for all.")
    ImageSize resolution;

    @Option(
            names = "--transform",
            paramLabel = "NAME",
            defaultValue = "none",
            description = "For images of another ratio of width to height: none (refuse them), center-crop,"
                    + " center-crop-wide (black bars above and below), fit (margins in the background's colour) or"
                    + " stretch.")
    Transform transform;

    @Option(
            names = "--filter",
            paramLabel = "NAME",
            defaultValue = "lanczos",
            description = "How sizes are changed: lanczos (as the official tool) or area (averages).")
    Filter filter;

    @Option(
            names = "--channels",
            paramLabel = "N",
            defaultValue = "3",
            converter = WholeNumber.Channels.class,
            description = "1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.")
    int channels;

    @Option(
            names = "--background",
            paramLabel = "RRGGBB",
            defaultValue = "ffffff",
            description = "Colour behind transparent images and in margins, such as 000000.")
    String background;

    @Option(
            names = "--max-images",
            paramLabel = "N",
            converter = WholeNumber.Positive.class,
            description = "Converts the first N images only.")
    Integer maxImages;

    @Option(
            names = "--classes",
            paramLabel = "LIST",
            converter = IntegerList.NotNegative.class,
            description = "Converts images of these classes only.")
    IntegerList classes;

    @Option(
            names = "--skip-bad-images",
            description = "Leaves out images that cannot be used, and tells, instead of ending with an error.")
    boolean skipBad;

    @Override
    public Integer call() throws IOException {
        requireSourceAndDest();
        ConvertOptions options = options();
        Path target = Path.of(dest);
        OutputFolders.require("--dest", target.toAbsolutePath().getParent());
        ConversionSummary summary;
        try (CountingBar bar = new CountingBar("converting")) {
            summary = DatasetConverter.convert(source, target, Container.of(dest), options, bar);
        }
        PrintWriter err = spec.commandLine().getErr();
        summary.remarks().forEach(err::println);
        err.println("wrote " + dest + ": " + summary.description());
        return 0;
    }

    /** Not declared as required, because a subcommand does without them. */
    private void requireSourceAndDest() {
        if (source == null || dest == null) {
            throw wrong("Missing required option: " + (source == null ? "'--source=PATH'" : "'--dest=PATH'"));
        }
    }

    private ConvertOptions options() {
        Set<Integer> keep = classes == null ? Set.of() : new HashSet<>(classes.values());
        if (resolution != null && (resolution.width() < 1 || resolution.height() < 1)) {
            throw wrong("--resolution " + resolution.width() + "x" + resolution.height() + ": expected at least 1x1");
        }
        if (resolution == null && transform != Transform.NONE) {
            throw wrong("--transform changes the size of images; give it with --resolution");
        }
        try {
            return ConvertOptions.builder()
                    .size(resolution == null ? 0 : resolution.height(), resolution == null ? 0 : resolution.width())
                    .transform(transform)
                    .filter(filter)
                    .decoding(new Decoding(channels, color()))
                    .maxImages(maxImages == null ? Integer.MAX_VALUE : maxImages)
                    .classes(keep)
                    .skipBad(skipBad)
                    .build();
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private int color() {
        String digits = background.startsWith("#") ? background.substring(1) : background;
        if (!digits.matches("[0-9a-fA-F]{6}")) {
            throw wrong("--background " + background + " is no colour such as ffffff");
        }
        return Integer.parseInt(digits, 16);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
