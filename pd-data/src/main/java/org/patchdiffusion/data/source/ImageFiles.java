package org.patchdiffusion.data.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Reads and decodes the images of a source. */
public final class ImageFiles {

    /** Images decoded ahead of the consumer, for each core: bounds the memory of a conversion. */
    private static final int AHEAD_PER_CORE = 16;

    private ImageFiles() {}

    /** What is done to each image on the decoding threads. */
    @FunctionalInterface
    public interface Work<T> {
        T of(String entry) throws IOException;
    }

    /** Takes results in order. */
    @FunctionalInterface
    public interface Consumer<T> {
        void accept(int index, T result) throws IOException;
    }

    /**
     * Reads one file.
     *
     * @throws IOException naming the source and the file
     */
    public static byte[] read(ImageSource source, String entry, int maxBytes) throws IOException {
        try {
            return source.read(entry, maxBytes);
        } catch (IOException e) {
            throw new IOException(source.path() + ": " + entry + " cannot be read (" + e.getMessage() + ")", e);
        }
    }

    /**
     * Decodes one image.
     *
     * @throws IOException naming the source and the image
     */
    public static RgbImage decode(ImageSource source, String entry) throws IOException {
        byte[] file = read(source, entry, ImageSource.MAX_IMAGE_FILE_BYTES);
        try {
            return ImageDecoder.decode(file);
        } catch (IOException e) {
            throw new IOException(source.path() + ": image " + entry + " " + e.getMessage(), e);
        }
    }

    /** Decodes images on all cores and hands them over in order, on the calling thread. */
    public static void decodeAll(ImageSource source, List<String> entries, Consumer<RgbImage> consumer)
            throws IOException {
        forAll(entries, entry -> decode(source, entry), consumer);
    }

    /** Does work for each entry on all cores and hands the results over in order, on the calling thread. */
    public static <T> void forAll(List<String> entries, Work<T> work, Consumer<T> consumer) throws IOException {
        int cores = Runtime.getRuntime().availableProcessors();
        ExecutorService pool = Executors.newFixedThreadPool(cores, task -> {
            Thread thread = new Thread(task, "pd-image-decoder");
            thread.setDaemon(true);
            return thread;
        });
        try {
            Deque<Future<T>> ahead = new ArrayDeque<>();
            int submitted = 0;
            for (int i = 0; i < entries.size(); i++) {
                while (submitted < entries.size() && ahead.size() < AHEAD_PER_CORE * cores) {
                    String entry = entries.get(submitted++);
                    ahead.add(pool.submit(() -> work.of(entry)));
                }
                consumer.accept(i, get(ahead.remove()));
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static <T> T get(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("reading images was interrupted", e);
        }
    }

    /** The last part of a path, without {@code .zip}. */
    public static String baseName(Path path) {
        Path last = path.toAbsolutePath().normalize().getFileName();
        String name = last == null ? path.toString() : last.toString();
        return name.toLowerCase(Locale.ROOT).endsWith(".zip") ? name.substring(0, name.length() - 4) : name;
    }
}
