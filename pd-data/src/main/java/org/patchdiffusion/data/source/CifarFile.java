package org.patchdiffusion.data.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.ArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** The training images of {@code cifar-10-python.tar.gz} with their classes and the classes' names. */
final class CifarFile {

    private static final Pattern BATCH = Pattern.compile("(.*/)?data_batch_\\d");
    private static final Pattern NAMES = Pattern.compile("(.*/)?batches\\.meta");
    private static final int MAX_BATCH_BYTES = 64 << 20;
    private static final int MAX_ENTRIES = 1000;
    private static final int SIDE = 32;
    private static final int CHANNELS = 3;
    private static final int PIXELS = CHANNELS * SIDE * SIDE;

    private final List<byte[]> blocks = new ArrayList<>();
    private final List<Integer> labels = new ArrayList<>();
    private List<String> classNames = List.of();
    private int perBlock;

    private CifarFile() {}

    static ImageSource open(Path path) throws IOException {
        CifarFile cifar = new CifarFile();
        try (InputStream in = FileKind.unzipped(path);
                TarArchiveInputStream tar = new TarArchiveInputStream(in)) {
            cifar.read(tar);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(path + ": cannot be read as CIFAR-10 (" + e.getMessage() + ")", e);
        }
        PixelImage shape = new PixelImage(CHANNELS, SIDE, SIDE, new byte[PIXELS]);
        int[] classes = cifar.labels.stream().mapToInt(Integer::intValue).toArray();
        return new ArraySource(path, shape, cifar.blocks, cifar.perBlock, classes, cifar.classNames);
    }

    private void read(TarArchiveInputStream tar) throws IOException {
        Map<String, byte[]> batches = new TreeMap<>();
        int entries = 0;
        for (ArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            String name = entry.getName();
            if (++entries > MAX_ENTRIES) {
                break;
            }
            if (BATCH.matcher(name).matches()) {
                batches.put(name, FileTree.readLimited(tar, MAX_BATCH_BYTES));
            } else if (NAMES.matcher(name).matches()) {
                classNames = names(FileTree.readLimited(tar, MAX_BATCH_BYTES));
            }
        }
        if (batches.isEmpty()) {
            throw new IOException("it holds no data_batch_1; unpack other archives and give the folder");
        }
        for (Map.Entry<String, byte[]> batch : batches.entrySet()) {
            addBatch(batch.getKey(), CifarPickle.read(batch.getValue()));
        }
    }

    private void addBatch(String name, Map<String, Object> batch) throws IOException {
        if (!(batch.get("data") instanceof CifarPickle.Array data) || !(batch.get("labels") instanceof List<?> list)) {
            throw new IOException(name + " lacks data or labels");
        }
        if (data.columns() != PIXELS || data.rows() != list.size() || list.isEmpty()) {
            throw new IOException(name + " holds " + data.rows() + "x" + data.columns() + " samples and " + list.size()
                    + " labels, expected as many rows as labels of " + PIXELS + " samples");
        }
        if (perBlock != 0 && perBlock != data.rows()) {
            throw new IOException(name + " holds " + data.rows() + " images, the one before " + perBlock);
        }
        perBlock = data.rows();
        blocks.add(data.bytes());
        for (Object label : list) {
            if (!(label instanceof Integer number) || number < 0 || number > 255) {
                throw new IOException(name + " holds a label that is no class");
            }
            labels.add(number);
        }
    }

    private static List<String> names(byte[] pickle) throws IOException {
        Object names = CifarPickle.read(pickle).get("label_names");
        return names instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }
}
