package org.patchdiffusion.examples;

import java.io.IOException;
import java.nio.file.Path;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.eval.ImageGrid;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.sample.ImageGenerator;
import org.patchdiffusion.eval.sample.SamplerListener;
import org.patchdiffusion.eval.sample.Samples;

/**
 * The library in a program of your own: reads a model, draws four images, writes them into one picture, and shows where the
 * plain ND4J arrays are on the way.
 *
 * <p>Run it with a model of the quickstart: {@code java -cp pd-examples/target/pd.jar
 * org.patchdiffusion.examples.SampleWithYourOwnCode runs/00000-.../model-000100.safetensors four.png}. It takes some
 * seconds and prints the range of the sampled values, about -1 to 1.
 */
public final class SampleWithYourOwnCode {

    private SampleWithYourOwnCode() {}

    /** Expects the model and the picture to write; of a model with classes, each seed has one of its own. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: SampleWithYourOwnCode MODEL.safetensors PICTURE.png");
            System.exit(2);
        }
        try (ImageGenerator generator = ImageGenerator.load(Path.of(arguments[0]));
                Samples samples = generator.sample(new long[] {0, 1, 2, 3}, SamplerListener.NONE)) {
            INDArray images = samples.images(); // float64 [4, 3, height, width]
            System.out.printf("values from %.2f to %.2f%n", images.minNumber(), images.maxNumber());
            ImageGrid.ofColumns(2).write(Path.of(arguments[1]), Images.fromModelRange(images));
        }
    }
}
