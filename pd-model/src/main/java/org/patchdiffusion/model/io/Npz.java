package org.patchdiffusion.model.io;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.files.ZipArchive;

/**
 * NumPy's array files: {@code .npy} holds one array, {@code .npz} is a zip of named ones.
 *
 * <p>Reads the format versions 1.0 to 3.0 in C and Fortran order, stored or deflated, with float32, float64, float16,
 * int64, int32, int16, int8, uint8 and bool elements; each array arrives as an {@link INDArray} of the same element
 * type in row-major order. Writes version 1.0 in C order, stored, as {@code numpy.savez} does. Arrays of pickled
 * objects are refused.
 */
public final class Npz {
    private static final String SUFFIX = ".npy";

    /** More than any array file of this project holds, and far less than would harm. */
    private static final ZipArchive.Limits LIMITS = new ZipArchive.Limits(100_000, 1L << 36, 1L << 38);

    private Npz() {}

    /**
     * Reads every array of a {@code .npz} file.
     *
     * @return arrays by name (without {@code .npy}), in the order of the file
     * @throws IOException if the file is missing, damaged, or holds something else; the message names file and array
     */
    public static Map<String, INDArray> read(Path file) throws IOException {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        try (ZipArchive zip = ZipArchive.open(file, LIMITS)) {
            for (String entry : zip.names()) {
                if (!entry.endsWith(SUFFIX)) {
                    throw new IOException(file + ": its entry " + Messages.printable(entry) + " is not a NumPy array");
                }
                String name = entry.substring(0, entry.length() - SUFFIX.length());
                arrays.put(name, zip.read(entry, (in, size) -> readArray(in, size)));
            }
        } catch (IOException | RuntimeException e) {
            arrays.values().forEach(INDArray::close);
            throw e;
        }
        return Collections.unmodifiableMap(arrays);
    }

    /**
     * Reads a {@code .npy} file.
     *
     * @throws IOException if the file is missing, damaged, or holds something else; the message names the file
     */
    public static INDArray readArray(Path file) throws IOException {
        Files.size(file);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return readArray(in, Files.size(file));
        } catch (IOException e) {
            throw new IOException(file + " cannot be read: " + Messages.reason(e), e);
        }
    }

    private static INDArray readArray(InputStream in, long size) throws IOException {
        NpyHeader header = NpyHeader.read(in);
        if (header.dataSize() != size - header.size()) {
            throw new IOException("its header declares " + header.dataSize() + " bytes of elements, but "
                    + (size - header.size()) + " are there");
        }
        char order = header.fortranOrder() ? 'f' : 'c';
        INDArray array = Shapes.allocate(header.type(), header.shape(), order);
        try {
            ArrayBytes.read(in, array);
        } catch (IOException e) {
            array.close();
            throw e;
        }
        if (order == 'c' || ArrayBytes.isRowMajor(array)) {
            return array;
        }
        INDArray rowMajor = array.dup('c');
        array.close();
        return rowMajor;
    }

    /**
     * Writes a {@code .npz} file, atomically. The same arrays give the same bytes.
     *
     * @param arrays arrays by name, in the order in which they are to be stored
     * @throws IllegalArgumentException if NumPy lacks the element type of an array (bfloat16)
     * @throws IOException if the file cannot be written
     */
    public static void write(Path file, Map<String, INDArray> arrays) throws IOException {
        for (Map.Entry<String, INDArray> e : arrays.entrySet()) {
            header(e.getKey(), e.getValue());
        }
        AtomicFile.write(file, out -> write(out, arrays));
    }

    /**
     * Writes the content of a {@code .npz} file to a stream, which stays open.
     *
     * @param arrays arrays by name, in the order in which they are to be stored
     * @throws IllegalArgumentException if NumPy lacks the element type of an array (bfloat16)
     * @throws IOException if the stream cannot be written to
     */
    public static void write(OutputStream out, Map<String, INDArray> arrays) throws IOException {
        // Not closed: that would close the stream.
        ZipOutputStream zip = new ZipOutputStream(out);
        for (Map.Entry<String, INDArray> e : arrays.entrySet()) {
            writeEntry(zip, e.getKey(), e.getValue());
        }
        zip.finish();
    }

    /**
     * Writes a {@code .npy} file, atomically.
     *
     * @throws IllegalArgumentException if NumPy lacks the element type of the array (bfloat16)
     * @throws IOException if the file cannot be written
     */
    public static void writeArray(Path file, INDArray array) throws IOException {
        byte[] header = header("of " + file, array);
        AtomicFile.write(file, out -> {
            out.write(header);
            ArrayBytes.write(array, out);
        });
    }

    private static void writeEntry(ZipOutputStream zip, String name, INDArray array) throws IOException {
        byte[] header = header(name, array);
        CRC32 crc = new CRC32();
        crc.update(header);
        ArrayBytes.write(array, new CheckedOutputStream(OutputStream.nullOutputStream(), crc));
        ZipEntry entry = new ZipEntry(name + SUFFIX);
        entry.setMethod(ZipEntry.STORED);
        entry.setTimeLocal(ZipArchive.ENTRY_TIME);
        entry.setSize(header.length + ArrayBytes.size(array));
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(header);
        ArrayBytes.write(array, zip);
        zip.closeEntry();
    }

    private static byte[] header(String name, INDArray array) {
        return NpyHeader.encode(array.dataType(), Shapes.of(array))
                .orElseThrow(() -> new IllegalArgumentException("the array " + name + " has the element type "
                        + array.dataType() + ", which NumPy lacks; cast it to FLOAT"));
    }
}
