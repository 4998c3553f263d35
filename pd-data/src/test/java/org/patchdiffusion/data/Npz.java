package org.patchdiffusion.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** Reads the data of the little-endian, row-major arrays of an .npz resource. */
final class Npz {

    private final Map<String, ByteBuffer> arrays = new HashMap<>();

    Npz(String resource) throws IOException {
        try (InputStream in = Npz.class.getResourceAsStream(resource);
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                ByteBuffer npy = ByteBuffer.wrap(zip.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
                int header = npy.getShort(8);
                String description = new String(npy.array(), 10, header, StandardCharsets.US_ASCII);
                if (!description.contains("'<") || description.contains("True")) {
                    throw new IOException(entry.getName() + ": unexpected header " + description);
                }
                arrays.put(
                        entry.getName().replace(".npy", ""),
                        npy.position(10 + header).slice().order(ByteOrder.LITTLE_ENDIAN));
            }
        }
    }

    float[] floats(String name) {
        float[] values = new float[arrays.get(name).remaining() / Float.BYTES];
        arrays.get(name).asFloatBuffer().get(values);
        return values;
    }

    long[] longs(String name) {
        long[] values = new long[arrays.get(name).remaining() / Long.BYTES];
        arrays.get(name).asLongBuffer().get(values);
        return values;
    }
}
