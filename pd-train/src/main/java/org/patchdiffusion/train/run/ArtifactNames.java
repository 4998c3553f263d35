package org.patchdiffusion.train.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.patchdiffusion.model.io.ModelFile;

/**
 * Names of what a run writes at a count of images: the thousands in six digits, as the official tool has it. What comes
 * second within a thousand gets the rest behind it, {@code 000003_540}, so that nothing is written over.
 */
public final class ArtifactNames {

    private ArtifactNames() {}

    /** The thousands of a count of images: {@code 000003} for 3,540. */
    public static String kimg(long images) {
        return String.format(Locale.ROOT, "%06d", images / 1000);
    }

    /** All of a count of images: {@code 000003_540} for 3,540. */
    static String exactKimg(long images) {
        return String.format(Locale.ROOT, "%06d_%03d", images / 1000, images % 1000);
    }

    /** The model file of a snapshot at a count of images; its sample sheet has the same number. */
    static Path modelFile(Path run, long images) throws IOException {
        return run.resolve("model-" + snapshot(run, images) + ".safetensors");
    }

    /**
     * The number in the names of a snapshot. It is the same before and after the model is written.
     *
     * @param run the run directory
     * @throws IOException if it cannot be read
     */
    public static String snapshot(Path run, long images) throws IOException {
        List<Path> models = models(run, images);
        for (Path model : models) {
            if (imagesOf(model) == images) {
                return model.getFileName().toString().replaceAll("model-|\\.safetensors", "");
            }
        }
        return models.isEmpty() ? kimg(images) : exactKimg(images);
    }

    /** The other model files of the same thousand images. */
    static List<Path> otherModels(Path run, Path model, long images) throws IOException {
        return models(run, images).stream()
                .filter(file -> !file.getFileName().equals(model.getFileName()))
                .toList();
    }

    /** The model files of a thousand images. */
    private static List<Path> models(Path run, long images) throws IOException {
        Pattern name = Pattern.compile("model-" + kimg(images) + "(_\\d{3})?\\.safetensors");
        try (Stream<Path> files = Files.list(run)) {
            return files.filter(
                            file -> name.matcher(file.getFileName().toString()).matches())
                    .sorted()
                    .toList();
        }
    }

    private static long imagesOf(Path model) {
        try {
            String images = ModelFile.info(model).provenance().getOrDefault(RunDirectory.IMAGES, "");
            return images.matches("\\d{1,18}") ? Long.parseLong(images) : -1;
        } catch (IOException e) {
            // What cannot be read is not the same model, and is left as it is.
            return -1;
        }
    }
}
