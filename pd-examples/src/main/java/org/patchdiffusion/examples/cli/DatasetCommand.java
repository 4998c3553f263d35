package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import org.patchdiffusion.data.convert.ConvertOptions;
import org.patchdiffusion.data.convert.DatasetConverter;
import org.patchdiffusion.data.convert.Transform;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Converts images into a data set. */
@Command(
        name = "dataset",
        description = "Converts a zip or folder of PNG and JPEG images into a data set zip of one image size.")
final class DatasetCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Option(names = "--source", required = true, paramLabel = "PATH", description = "Zip or folder of images.")
    Path source;

    @Option(names = "--dest", required = true, paramLabel = "FILE", description = "Zip to write.")
    Path dest;

    @Option(
            names = "--resolution",
            required = true,
            paramLabel = "WxH",
            converter = ImageSize.Converter.class,
            description = "Size of the images, such as 32x32.")
    ImageSize resolution;

    @Option(
            names = "--transform",
            paramLabel = "NAME",
            defaultValue = "none",
            description =
                    "For images of another ratio of width to height: none (refuse them), center-crop or fit (white"
                            + " margins); default none.")
    String transform;

    @Option(names = "--max-images", paramLabel = "N", description = "Converts the first N images only.")
    Integer maxImages;

    @Option(
            names = "--classes",
            paramLabel = "LIST",
            converter = IntegerList.Converter.class,
            description = "Converts images of these classes only.")
    IntegerList classes;

    @Override
    public Integer call() throws IOException {
        ConvertOptions options = options();
        OutputFolders.require("--dest", dest.toAbsolutePath().getParent());
        DatasetConverter.Summary summary;
        try (CountingBar bar = new CountingBar("converting")) {
            summary = DatasetConverter.convert(source, dest, options, bar);
        }
        spec.commandLine()
                .getErr()
                .println("wrote " + dest + ": " + summary.images() + " images of " + resolution.width() + "x"
                        + resolution.height() + (summary.labelled() ? " with labels" : " without labels"));
        return 0;
    }

    private ConvertOptions options() {
        Transform how =
                switch (transform) {
                    case "none" -> Transform.NONE;
                    case "center-crop" -> Transform.CENTER_CROP;
                    case "fit" -> Transform.FIT;
                    default -> throw new ParameterException(
                            spec.commandLine(),
                            "--transform " + transform + " is unknown: expected none, center-crop or fit");
                };
        Set<Integer> keep = classes == null ? Set.of() : new HashSet<>(classes.values());
        try {
            return new ConvertOptions(
                    resolution.height(),
                    resolution.width(),
                    how,
                    maxImages == null ? Integer.MAX_VALUE : maxImages,
                    keep);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
