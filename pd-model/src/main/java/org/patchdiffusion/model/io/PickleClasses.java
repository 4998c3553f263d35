package org.patchdiffusion.model.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import net.razorvine.pickle.IObjectConstructor;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.files.Messages;

/**
 * The Python classes and functions that model files may name, and what becomes of them here. They describe data; none
 * of Python's or PyTorch's behaviour comes with them.
 */
final class PickleClasses {
    private static final Map<String, DataType> STORAGES = Map.of(
            "DoubleStorage", DataType.DOUBLE,
            "FloatStorage", DataType.FLOAT,
            "HalfStorage", DataType.FLOAT16,
            "BFloat16Storage", DataType.BFLOAT16,
            "LongStorage", DataType.INT64,
            "IntStorage", DataType.INT32,
            "ShortStorage", DataType.INT16,
            "CharStorage", DataType.INT8,
            "ByteStorage", DataType.UINT8,
            "BoolStorage", DataType.BOOL);
    private static final String[] MODULES = {
        "container.ModuleDict",
        "container.ModuleList",
        "container.Sequential",
        "activation.SiLU",
        "linear.Linear",
        "linear.Identity",
        "conv.Conv2d",
        "normalization.GroupNorm",
        "dropout.Dropout"
    };

    /** The element type of a storage, where a pickle names its class. */
    record StorageClass(DataType type) implements IObjectConstructor {
        @Override
        public Object construct(Object[] args) {
            throw refusal("the pickle makes a storage by itself, outside of its file");
        }
    }

    private PickleClasses() {}

    /** Classes in a state dict: ordered dictionaries and tensors. */
    static Map<String, IObjectConstructor> stateDict() {
        Map<String, IObjectConstructor> classes = new HashMap<>();
        classes.put("collections.OrderedDict", PickleClasses::orderedDict);
        classes.put("torch._utils._rebuild_tensor_v2", PickleClasses::tensor);
        classes.put("torch._utils._rebuild_parameter", args -> (TorchTensor) args[0]);
        // Training scripts save their options beside the weights.
        classes.put("argparse.Namespace", args -> new PyObject("Namespace"));
        STORAGES.forEach((name, type) -> classes.put("torch." + name, new StorageClass(type)));
        return classes;
    }

    /** Classes in a snapshot: those of a state dict, plus networks, pipelines and numbers of NumPy. */
    static Map<String, IObjectConstructor> snapshot() {
        Map<String, IObjectConstructor> classes = stateDict();
        classes.put("torch.storage._load_from_bytes", PickleClasses::storageFromBytes);
        classes.put("torch_utils.persistence._reconstruct_persistent_obj", PickleClasses::persistentObject);
        for (String module : MODULES) {
            String name = module.substring(module.indexOf('.') + 1);
            classes.put("torch.nn.modules." + module, args -> new PyObject(name));
        }
        for (String numpy : new String[] {"numpy.core", "numpy._core"}) {
            classes.put(numpy + ".multiarray.scalar", PickleClasses::numpyScalar);
        }
        classes.put("numpy.dtype", args -> new PyObject((String) args[0]));
        return classes;
    }

    /** Name of PyTorch's storage class for an element type. */
    static String storageName(DataType type) {
        return STORAGES.entrySet().stream()
                .filter(e -> e.getValue() == type)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("PyTorch has no storage of " + type));
    }

    /** A refusal that travels through the unpickler, whose callbacks know no checked exceptions. */
    static UncheckedIOException refusal(String message) {
        return new UncheckedIOException(new IOException(message));
    }

    private static Object orderedDict(Object[] args) {
        if (args.length != 0) {
            throw refusal("the pickle fills an ordered dictionary in an unknown way");
        }
        return new LinkedHashMap<>();
    }

    private static Object tensor(Object[] args) {
        // (storage, offset, shape, strides, requires_grad, backward hooks[, metadata])
        if (args.length < 4 || !(args[0] instanceof TorchStorage storage)) {
            throw refusal("the pickle holds a tensor without a storage");
        }
        try {
            return TorchTensor.of(storage, number(args[1]), numbers(args[2]), numbers(args[3]));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long[] numbers(Object tuple) {
        Object[] values = (Object[]) tuple;
        if (values.length > Shapes.MOST_DIMENSIONS) {
            throw refusal("it holds a tensor of " + values.length + " dimensions");
        }
        long[] numbers = new long[values.length];
        for (int i = 0; i < values.length; i++) {
            numbers[i] = number(values[i]);
        }
        return numbers;
    }

    /** An integer of a pickle; big ones and other things are refused. */
    static long number(Object value) {
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        throw refusal("the pickle holds something else where a size or an index belongs");
    }

    private static Object storageFromBytes(Object[] args) {
        try {
            Object content = TorchLegacyFormat.read(((Region) args[0]).stream(), stateDict());
            if (content instanceof TorchStorage) {
                return content;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw refusal("the pickle holds something else where a storage belongs");
    }

    private static Object persistentObject(Object[] args) {
        Map<?, ?> meta = (Map<?, ?>) args[0];
        if (!"class".equals(meta.get("type")) || !(meta.get("class_name") instanceof String name)) {
            throw refusal("the snapshot holds a persistent object that is no instance of a class");
        }
        // meta also holds the source text of the module ("module_src"), which the official tool would run.
        PyObject object = new PyObject(name);
        object.setState(meta.get("state"));
        return object;
    }

    private static Object numpyScalar(Object[] args) {
        String type = ((PyObject) args[0]).className();
        byte[] bytes = new byte[8];
        Region region = (Region) args[1];
        try {
            if (region.length() > bytes.length) {
                throw new IOException("the pickle holds a NumPy number of " + region.length() + " bytes");
            }
            region.stream().readNBytes(bytes, 0, (int) region.length());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ByteBuffer value = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return switch (type + ":" + region.length()) {
            case "f8:8" -> value.getDouble();
            case "f4:4" -> (double) value.getFloat();
            case "i8:8" -> value.getLong();
            case "i4:4" -> value.getInt();
            case "b1:1" -> value.get() != 0;
            default -> throw refusal(
                    "the pickle holds a NumPy number of type " + Messages.printable(type) + ", which is not supported");
        };
    }
}
