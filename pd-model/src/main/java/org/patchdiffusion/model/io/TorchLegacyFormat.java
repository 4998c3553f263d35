package org.patchdiffusion.model.io;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.IObjectConstructor;
import org.patchdiffusion.files.Messages;

/**
 * What {@code torch.save} wrote before version 1.6, and still writes inside pickled storages: a magic number, a
 * protocol version and a description of the machine, then the object, the keys of its storages, and their elements,
 * each preceded by its count.
 */
final class TorchLegacyFormat {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final int PROTOCOL = 1001;
    private static final int COUNT_BYTES = 8;

    private TorchLegacyFormat() {}

    /** Reads the object; its storages refer to the stream's region and are read when they are needed. */
    static Object read(RegionStream in, Map<String, IObjectConstructor> classes) throws IOException {
        if (!MAGIC.equals(load(in)) || !Integer.valueOf(PROTOCOL).equals(load(in))) {
            throw new IOException("it does not start with the magic number of torch.save");
        }
        if (!(load(in) instanceof Map<?, ?> machine) || !Boolean.TRUE.equals(machine.get("little_endian"))) {
            throw new IOException("it was not written on a little-endian machine");
        }
        Map<String, TorchStorage> storages = new HashMap<>();
        Object root = new RestrictedUnpickler(classes, id -> storage(id, storages)).load(in);
        if (!(load(in) instanceof List<?> keys)) {
            throw new IOException("the list of its storages is missing");
        }
        for (Object key : keys) {
            TorchStorage storage = key instanceof String ? storages.get(key) : null;
            if (storage == null || storage.isPlaced()) {
                String what = key instanceof String name ? Messages.printable(name) : "by something else than a name";
                throw new IOException("it lists the storage " + what + ", which is not in use");
            }
            place(storage, in);
        }
        if (!storages.values().stream().allMatch(TorchStorage::isPlaced)) {
            throw new IOException("the elements of some of its tensors are missing");
        }
        return root;
    }

    private static Object load(RegionStream in) throws IOException {
        Object value = new RestrictedUnpickler(Map.of(), id -> {
                    throw PickleClasses.refusal("the pickle refers to a storage where none belongs");
                })
                .load(in);
        return value instanceof Long l ? BigInteger.valueOf(l) : value;
    }

    private static TorchStorage storage(Object[] id, Map<String, TorchStorage> storages) {
        // ("storage", class, key, device, element count, view of another storage)
        if (id.length > 5 && id[5] != null) {
            throw PickleClasses.refusal("it holds a storage that is a view of another, which is not supported");
        }
        return TorchStateDict.storage(id, storages);
    }

    private static void place(TorchStorage storage, RegionStream in) throws IOException {
        byte[] count = in.take(COUNT_BYTES).stream().readNBytes(COUNT_BYTES);
        if (ByteBuffer.wrap(count).order(ByteOrder.LITTLE_ENDIAN).getLong() != storage.count()) {
            throw new IOException("it states two different sizes of one storage");
        }
        Region region = in.take(Shapes.bytes(new long[] {storage.count()}, storage.type()));
        storage.place(region.length(), reader -> reader.read(region.stream(), region.length()));
    }
}
