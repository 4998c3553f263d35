package org.patchdiffusion.model.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.files.ZipArchive;

/**
 * A state dict as {@code torch.save} writes it: tensors by name in a pickle, with their elements in a zip file (since
 * PyTorch 1.6) or behind the pickle (the legacy format). Both are read; the zip format is written.
 *
 * <p>Training scripts save more than one: of a dictionary that holds state dicts, the averaged weights are taken if
 * there are any, and {@link #choice} says so.
 */
public final class TorchStateDict implements TensorFile {
    private static final long LONGEST_PICKLE = 1L << 26;
    private static final String PICKLE = "/data.pkl";

    private static final ZipArchive.Limits LIMITS = new ZipArchive.Limits(100_000, 1L << 36, 1L << 38);

    private final Path file;
    private final Closeable open;
    private final TorchTensors tensors;
    private final Optional<String> choice;

    private TorchStateDict(Path file, Closeable open, TrainingDictionary.Weights weights) {
        this.file = file;
        this.open = open;
        this.tensors = new TorchTensors(file, weights.tensors());
        this.choice = weights.choice();
    }

    /**
     * Opens a state dict in either format and checks it.
     *
     * @throws IOException if the file is missing, damaged, or holds no dictionary of tensors; the
     *     message names the file
     */
    public static TorchStateDict open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file + " does not exist or is not a file");
        }
        return isZip(file) ? openZip(file) : openLegacy(file);
    }

    private static boolean isZip(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] start = in.readNBytes(4);
            return start.length == 4 && start[0] == 'P' && start[1] == 'K' && start[2] == 3 && start[3] == 4;
        }
    }

    private static TorchStateDict openZip(Path file) throws IOException {
        ZipArchive zip = ZipArchive.open(file, LIMITS);
        try {
            return new TorchStateDict(file, zip::close, zipWeights(file, zip));
        } catch (IOException e) {
            zip.close();
            throw damaged(file, e);
        }
    }

    private static TrainingDictionary.Weights zipWeights(Path file, ZipArchive zip) throws IOException {
        List<String> pickles =
                zip.names().stream().filter(name -> name.endsWith(PICKLE)).toList();
        if (pickles.size() != 1 || zip.size(pickles.get(0)) > LONGEST_PICKLE) {
            throw new IOException("it has no single data.pkl of at most " + LONGEST_PICKLE + " bytes");
        }
        String pickle = pickles.get(0);
        String folder = pickle.substring(0, pickle.length() - PICKLE.length());
        String order = folder + "/byteorder";
        if (zip.names().contains(order)
                && !"little".equals(zip.read(order, (in, size) -> new String(in.readNBytes(16)).strip()))) {
            throw new IOException("it was not written on a little-endian machine");
        }
        byte[] bytes = zip.read(pickle, (in, size) -> in.readNBytes((int) size));
        Map<String, TorchStorage> storages = new HashMap<>();
        Object root = new RestrictedUnpickler(PickleClasses.stateDict(), id -> storage(id, storages))
                .load(Region.of(bytes).stream());
        for (Map.Entry<String, TorchStorage> e : storages.entrySet()) {
            String entry = folder + "/data/" + e.getKey();
            e.getValue().place(zip.size(entry), reader -> zip.read(entry, reader));
        }
        return TrainingDictionary.weights(root);
    }

    private static TorchStateDict openLegacy(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            RegionStream in = Region.of(channel).stream();
            Object root = TorchLegacyFormat.read(in, PickleClasses.stateDict());
            if (in.remaining() != 0) {
                throw new IOException(in.remaining() + " bytes at its end belong to no tensor");
            }
            return new TorchStateDict(file, channel::close, TrainingDictionary.weights(root));
        } catch (IOException e) {
            channel.close();
            throw damaged(file, e);
        }
    }

    private static IOException damaged(Path file, IOException e) {
        return new IOException(file + " is not a valid PyTorch state dict: " + e.getMessage(), e);
    }

    /** The storage that a persistent id stands for: ("storage", class, key, device, element count). */
    static TorchStorage storage(Object[] id, Map<String, TorchStorage> storages) {
        if (id.length < 5
                || !"storage".equals(id[0])
                || !(id[1] instanceof PickleClasses.StorageClass type)
                || !(id[2] instanceof String key)) {
            throw PickleClasses.refusal("the pickle refers to something else than a storage of elements");
        }
        long count = PickleClasses.number(id[4]);
        TorchStorage storage = storages.computeIfAbsent(key, k -> new TorchStorage(type.type(), count));
        if (storage.type() != type.type() || storage.count() != count) {
            throw PickleClasses.refusal("the pickle describes the storage " + Messages.printable(key) + " in two ways");
        }
        return storage;
    }

    /**
     * Which weights were taken, if the file holds more than one state dict: a part of a sentence that says so, and what
     * was left out.
     */
    public Optional<String> choice() {
        return choice;
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return tensors.infos();
    }

    @Override
    public INDArray read(String name) throws IOException {
        return tensors.read(name);
    }

    @Override
    public void close() throws IOException {
        open.close();
    }

    /**
     * Writes a state dict in PyTorch's zip format, atomically; {@code torch.load} reads it, also with
     * {@code weights_only=True}. The same tensors give the same bytes.
     *
     * @throws IllegalArgumentException if PyTorch lacks the element type of a tensor
     * @throws IOException if the file cannot be written
     */
    public static void write(Path file, Map<String, INDArray> tensors) throws IOException {
        byte[] pickle = TorchStateDictWriter.pickle(tensors);
        AtomicFile.write(file, out -> TorchStateDictWriter.write(file, pickle, tensors, out));
    }
}
