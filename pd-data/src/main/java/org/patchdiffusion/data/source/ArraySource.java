package org.patchdiffusion.data.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Images that a file holds as plain samples, all in memory. They are named by their numbers. */
final class ArraySource implements ImageSource {

    private final Path path;
    private final PixelImage shape;
    private final List<byte[]> blocks;
    private final int perBlock;
    private final List<String> images;
    private final Optional<Labels> labels;

    /**
     * @param shape any image of the right size and number of channels (1 or 3)
     * @param blocks samples of {@code perBlock} images each, [channels, height, width] one after the other
     * @param labels class of each image, empty for none
     * @param classNames names of the classes, empty for none
     */
    ArraySource(Path path, PixelImage shape, List<byte[]> blocks, int perBlock, int[] labels, List<String> classNames) {
        this.path = path;
        this.shape = shape;
        this.blocks = List.copyOf(blocks);
        this.perBlock = perBlock;
        this.images = IntStream.range(0, blocks.size() * perBlock)
                .mapToObj(i -> String.format(Locale.ROOT, "%08d", i))
                .toList();
        Map<String, Integer> byImage = new HashMap<>();
        for (int i = 0; i < labels.length; i++) {
            byImage.put(images.get(i), labels[i]);
        }
        this.labels = labels.length == 0
                ? Optional.empty()
                : Optional.of(new Labels(path.getFileName().toString(), byImage, classNames, List.of(), List.of()));
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public List<String> images() {
        return images;
    }

    @Override
    public Path file(String image) {
        return path;
    }

    @Override
    public PixelImage decode(String image, Decoding how) throws IOException {
        int index = Integer.parseInt(image);
        int length = shape.pixels().length;
        int from = index % perBlock * length;
        byte[] pixels = Arrays.copyOfRange(blocks.get(index / perBlock), from, from + length);
        return new PixelImage(shape.channels(), shape.height(), shape.width(), pixels).opaque(how);
    }

    @Override
    public Optional<Labels> labels() {
        return labels;
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
