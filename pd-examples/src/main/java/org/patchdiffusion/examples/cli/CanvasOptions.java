package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.ImageDecoder;
import org.patchdiffusion.data.source.PixelImage;
import org.patchdiffusion.eval.sample.Canvas;
import org.patchdiffusion.eval.sample.ImageGenerator;
import org.patchdiffusion.eval.sample.KnownPicture;
import org.patchdiffusion.eval.sample.Tiling;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.ModelConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What part of the plane of coordinates is drawn, and what of it is known already. */
final class CanvasOptions implements HelpSection {
    private static final long MOST_BYTES = 64L << 20;
    private static final int HALF = 128;

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = {"--image-size", "--image_size"},
            paramLabel = "WxH",
            converter = ImageSize.Converter.class,
            description = "Size of the drawn images, by default the model's.")
    ImageSize size;

    @Option(
            names = {"--x-start", "--x_start"},
            paramLabel = "PIXEL",
            defaultValue = "0",
            description = "Column of the whole picture at which the drawn window begins; may be negative.")
    int left;

    @Option(
            names = {"--y-start", "--y_start"},
            paramLabel = "PIXEL",
            defaultValue = "0",
            description = "Row at which it begins.")
    int top;

    @Option(
            names = "--resolution",
            paramLabel = "WxH",
            converter = ImageSize.Converter.class,
            description =
                    "Size of the whole picture, whose sides have the coordinates -1 to 1; by default the model's, or"
                            + " that of images that do not fit in it.")
    ImageSize frame;

    @Option(
            names = "--tile",
            paramLabel = "N",
            converter = WholeNumber.Side.class,
            description =
                    "Covers the images by windows with this side, so that memory does not grow with them; the model's"
                            + " shorter side is right.")
    Integer tile;

    @Option(
            names = "--overlap",
            paramLabel = "N",
            converter = WholeNumber.NotNegative.class,
            description = "Pixels that neighbouring windows share at least, by default a quarter of a window.")
    Integer overlap;

    @Option(
            names = "--picture",
            paramLabel = "FILE",
            description = "A picture to keep; what lies beside it is drawn (outpainting).")
    Path picture;

    @Option(
            names = "--picture-at",
            paramLabel = "X,Y",
            split = ",",
            arity = "1",
            converter = WholeNumber.NotNegative.class,
            description = "Where its upper left pixel lies in the drawn images. Default: 0,0.")
    List<Integer> at;

    @Option(
            names = "--mask",
            paramLabel = "FILE",
            description = "A picture of the same size whose white parts are drawn anew (in-painting).")
    Path mask;

    @Override
    public String heading() {
        return "What is drawn, in pixels";
    }

    /** Refuses what has no effect, before any file is read. */
    void check() {
        GivenOptions.refuseUnless(command, tile != null, "--tile N", List.of("--overlap"));
        GivenOptions.refuseUnless(command, picture != null, "--picture FILE", List.of("--mask", "--picture-at"));
        if (at != null && at.size() != 2) {
            throw new ParameterException(command.commandLine(), "--picture-at takes two numbers, such as 16,0");
        }
        if (tile != null && overlap != null && overlap >= tile) {
            throw new ParameterException(
                    command.commandLine(), "--overlap " + overlap + ": expected less than --tile, which is " + tile);
        }
    }

    /**
     * Adds the canvas to a generator.
     *
     * @throws IOException if a picture cannot be read, or does not fit
     */
    void apply(ImageGenerator.Builder generator, ModelConfig model) throws IOException {
        PatchSize drawn = size == null ? new PatchSize(model.height(), model.width()) : patchSize(size);
        generator.canvas(new Canvas(drawn, top, left, frame(model, drawn)));
        if (tile != null) {
            PatchSize window = new PatchSize(tile, tile);
            generator.tiling(Tiling.seamless(window, overlap == null ? tile / 4 : overlap));
        }
        if (picture != null) {
            generator.known(known(model, drawn));
        }
    }

    private PatchSize frame(ModelConfig model, PatchSize drawn) {
        if (frame != null) {
            return patchSize(frame);
        }
        boolean inside = left >= 0
                && top >= 0
                && left + drawn.width() <= model.width()
                && top + drawn.height() <= model.height();
        boolean whole = left == 0 && top == 0;
        return inside || !whole ? new PatchSize(model.height(), model.width()) : drawn;
    }

    private static PatchSize patchSize(ImageSize size) {
        return new PatchSize(size.height(), size.width());
    }

    private KnownPicture known(ModelConfig model, PatchSize drawn) throws IOException {
        PixelImage image = decode("--picture", picture, model.channels());
        int x = at == null ? 0 : at.get(0);
        int y = at == null ? 0 : at.get(1);
        if (x + image.width() > drawn.width() || y + image.height() > drawn.height()) {
            throw new IOException("--picture " + picture + " is " + image.size() + ", which does not fit at " + x + ","
                    + y + " into the drawn images of " + drawn + "; give a larger --image-size");
        }
        byte[] free = new byte[image.height() * image.width()];
        if (mask != null) {
            PixelImage shape = decode("--mask", mask, 1);
            if (shape.height() != image.height() || shape.width() != image.width()) {
                throw new IOException(
                        "--mask " + mask + " is " + shape.size() + ", expected the size of --picture, " + image.size());
            }
            free = shape.pixels();
        }
        return place(image, free, x, y, drawn);
    }

    private static KnownPicture place(PixelImage image, byte[] free, int x, int y, PatchSize drawn) {
        int plane = drawn.height() * drawn.width();
        float[] values = new float[image.channels() * plane];
        float[] known = new float[plane];
        for (int row = 0; row < image.height(); row++) {
            for (int column = 0; column < image.width(); column++) {
                int from = row * image.width() + column;
                int to = (y + row) * drawn.width() + x + column;
                known[to] = (free[from] & 255) < HALF ? 1 : 0;
                for (int c = 0; c < image.channels(); c++) {
                    values[c * plane + to] =
                            (image.pixels()[c * image.height() * image.width() + from] & 255) / 127.5f - 1;
                }
            }
        }
        return new KnownPicture(image.channels(), drawn.height(), drawn.width(), values, known);
    }

    private static PixelImage decode(String option, Path file, int channels) throws IOException {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw new IOException("it is larger than 64 MiB");
            }
            return ImageDecoder.decode(Files.readAllBytes(file), new Decoding(channels, Decoding.RGB.background()));
        } catch (IOException e) {
            throw new IOException(option + " " + file + " cannot be read: " + Messages.reason(e), e);
        }
    }
}
