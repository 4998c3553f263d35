package org.patchdiffusion.model.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;

/**
 * A snapshot of the official training tools, {@code network-snapshot-*.pkl}: a pickled dictionary with the EMA network,
 * the loss, the augmentation pipeline and the data set's settings. It is read as data; the source text that it
 * carries is never looked at.
 */
public final class PickleSnapshot implements TensorFile {
    private static final int DEEPEST = 32;
    private static final int MOST_MODULES = 20_000;
    private static final int LONGEST_NAME = 1_000;
    private static final int MOST_VALUES = 10_000;

    private final Path file;
    private final FileChannel channel;
    private final Map<?, ?> root;
    private final PyObject ema;
    private final Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    private int modules;
    private int values;

    private PickleSnapshot(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        RegionStream in = Region.of(channel).stream();
        Object content = new RestrictedUnpickler(PickleClasses.snapshot(), id -> {
                    throw PickleClasses.refusal("the pickle refers to a storage outside of itself");
                })
                .load(in);
        if (!(content instanceof Map<?, ?> map) || !(map.get("ema") instanceof PyObject network)) {
            throw new IOException("it has no EMA network (a dictionary with the key 'ema')");
        }
        if (in.remaining() != 0) {
            throw new IOException(in.remaining() + " bytes at its end belong to nothing");
        }
        root = map;
        ema = network;
        collect(ema, "", 0);
    }

    /**
     * Opens a snapshot and checks it.
     *
     * @throws IOException if the file is missing, damaged, or names a Python class that does not belong in a snapshot;
     *     the message names the file and the class
     */
    public static PickleSnapshot open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file + " does not exist or is not a file");
        }
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new PickleSnapshot(file, channel);
        } catch (IOException e) {
            channel.close();
            throw new IOException(file + " is not a valid network snapshot: " + e.getMessage(), e);
        }
    }

    /** Gathers tensors in the order of PyTorch's state_dict(): parameters, persistent buffers, then children. */
    private void collect(PyObject module, String prefix, int depth) throws IOException {
        if (depth > DEEPEST || ++modules > MOST_MODULES) {
            throw new IOException("its network has more than " + MOST_MODULES + " modules or is nested more than "
                    + DEEPEST + " levels deep");
        }
        Object transientBuffers = module.get("_non_persistent_buffers_set");
        for (String kind : List.of("_parameters", "_buffers")) {
            for (Map.Entry<?, ?> e : module.map(kind).entrySet()) {
                boolean skipped = kind.equals("_buffers")
                        && transientBuffers instanceof Collection<?> names
                        && names.contains(e.getKey());
                if (e.getValue() instanceof TorchTensor tensor && !skipped) {
                    tensors.put(name(prefix, e.getKey()), tensor);
                }
            }
        }
        for (Map.Entry<?, ?> e : module.map("_modules").entrySet()) {
            if (e.getValue() instanceof PyObject child) {
                collect(child, name(prefix, e.getKey()) + ".", depth + 1);
            }
        }
    }

    private static String name(String prefix, Object key) throws IOException {
        String name = String.valueOf(key);
        if (prefix.length() + name.length() > LONGEST_NAME) {
            throw new IOException("its network has a name of more than " + LONGEST_NAME + " characters");
        }
        return prefix + name;
    }

    /** Name of the class of the EMA network, which is its preconditioning: {@code Patch_EDMPrecond}, for example. */
    public String preconditioning() {
        return ema.className();
    }

    /**
     * The arguments that the EMA network was made with, by their official names: numbers, texts, booleans, lists and
     * maps.
     *
     * @throws IOException if one of them is something else
     */
    public Map<String, Object> networkSettings() throws IOException {
        return settings(ema);
    }

    /**
     * The configuration of the EMA network, with the noise levels of the loss.
     *
     * @throws IOException if its settings are unknown or out of range, or it has no position channels
     */
    public ModelConfig config() throws IOException {
        try {
            Map<String, Object> loss = lossSettings().orElse(Map.of());
            return OfficialSettings.toConfig(preconditioning(), networkSettings(), loss);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is a snapshot, but its network cannot be used: " + e.getMessage(), e);
        }
    }

    /**
     * Reads the EMA network.
     *
     * @throws IOException if its settings are unknown, its tensors are not those of the settings, or a weight is not
     *     finite
     */
    public DiffusionModel model() throws IOException {
        ModelConfig config = config();
        return DiffusionModel.of(config, OfficialLayout.read(this, config));
    }

    /**
     * The arguments of the augmentation pipeline, by their official names; empty if training used none.
     *
     * @throws IOException if one of them is not plain data
     */
    public Optional<Map<String, Object>> augmentationSettings() throws IOException {
        return root.get("augment_pipe") instanceof PyObject pipe ? Optional.of(settings(pipe)) : Optional.empty();
    }

    /**
     * Class name and arguments of the loss, by their official names, with the class under {@code class_name}; empty
     * if the snapshot has none.
     *
     * @throws IOException if one of them is not plain data
     */
    public Optional<Map<String, Object>> lossSettings() throws IOException {
        if (!(root.get("loss_fn") instanceof PyObject loss)) {
            return Optional.empty();
        }
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("class_name", loss.className());
        settings.putAll(settings(loss));
        return Optional.of(settings);
    }

    /**
     * The settings of the data set; empty if the snapshot has none.
     *
     * @throws IOException if one of them is not plain data
     */
    public Map<String, Object> datasetSettings() throws IOException {
        return root.get("dataset_kwargs") instanceof Map<?, ?> map ? plain(map, 0) : Map.of();
    }

    private Map<String, Object> settings(PyObject object) throws IOException {
        if (object.get("_init_args") instanceof Object[] positional && positional.length > 0) {
            throw new IOException(file + ": the " + Messages.printable(object.className()) + " in it was made with "
                    + positional.length + " unnamed arguments, so its settings cannot be told apart");
        }
        return plain(object.map("_init_kwargs"), 0);
    }

    private Map<String, Object> plain(Map<?, ?> map, int depth) throws IOException {
        Map<String, Object> result = new LinkedHashMap<>();
        for (Map.Entry<?, ?> e : map.entrySet()) {
            result.put(String.valueOf(e.getKey()), plain(e.getValue(), depth + 1));
        }
        return Collections.unmodifiableMap(result);
    }

    private Object plain(Object value, int depth) throws IOException {
        if (depth > DEEPEST || ++values > MOST_VALUES) {
            throw new IOException(file + ": its settings are nested too deeply or too many");
        }
        if (value == null || value instanceof String || value instanceof Number || value instanceof Boolean) {
            return value;
        }
        if (value instanceof Map<?, ?> map) {
            return plain(map, depth);
        }
        if (value instanceof List<?> || value instanceof Object[]) {
            List<Object> result = new ArrayList<>();
            for (Object item : value instanceof List<?> list ? list : Arrays.asList((Object[]) value)) {
                result.add(plain(item, depth + 1));
            }
            return Collections.unmodifiableList(result);
        }
        throw new IOException(file + ": its settings hold something else than plain data");
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return new TorchTensors(file, tensors).infos();
    }

    @Override
    public INDArray read(String name) throws IOException {
        return new TorchTensors(file, tensors).read(name);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
