package org.patchdiffusion.data.convert;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.files.AtomicFolder;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.files.ZipArchive;

/** Takes the files of a data set, which appears under its name only when it is complete. */
@FunctionalInterface
interface DatasetOutput {

    /** Disks take many files at once in about the time of one. */
    int FORCING_THREADS = 8;

    void store(String name, byte[] content) throws IOException;

    /** Gives the files of a data set to an output. */
    @FunctionalInterface
    interface Content {
        void writeTo(DatasetOutput output) throws IOException;
    }

    /**
     * Writes a data set. Equal contents give equal files: the entries of a zip are stored uncompressed and bear a fixed
     * date.
     *
     * @throws IOException naming the target, if it cannot be written, or is a folder that holds something
     */
    static void write(Path target, Container container, Content content) throws IOException {
        try {
            Files.createDirectories(target.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw new IOException(
                    "cannot write " + target + ": its folder cannot be made (" + Messages.reason(e) + ")", e);
        }
        if (container == Container.ZIP) {
            writeZip(target, content);
        } else {
            requireEmpty(target);
            AtomicFolder.write(target, folder -> writeFolder(folder, content));
        }
    }

    private static void writeZip(Path target, Content content) throws IOException {
        try (AtomicFile file = AtomicFile.open(target)) {
            ZipOutputStream zip = new ZipOutputStream(file.stream());
            zip.setMethod(ZipOutputStream.STORED);
            content.writeTo((name, bytes) -> {
                ZipEntry entry = new ZipEntry(name);
                entry.setTimeLocal(ZipArchive.ENTRY_TIME);
                entry.setSize(bytes.length);
                CRC32 crc = new CRC32();
                crc.update(bytes);
                entry.setCrc(crc.getValue());
                zip.putNextEntry(entry);
                zip.write(bytes);
                zip.closeEntry();
            });
            zip.finish();
            file.commit();
        }
    }

    private static void requireEmpty(Path target) throws IOException {
        if (!Files.isDirectory(target)) {
            return;
        }
        try (Stream<Path> files = Files.list(target)) {
            if (files.findAny().isPresent()) {
                throw new IOException(target + ": is a folder that holds files already; give the name of a new one, or"
                        + " of a .zip");
            }
        }
    }

    /** Files are forced to the disk while the next ones are made: one at a time they would take most of the time. */
    private static void writeFolder(Path folder, Content content) throws IOException {
        ExecutorService disk = Executors.newFixedThreadPool(FORCING_THREADS, task -> {
            Thread thread = new Thread(task, "pd-file-writer");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<?>> forced = new ArrayList<>();
            content.writeTo((name, bytes) -> {
                Path file = folder.resolve(name);
                Files.createDirectories(file.getParent());
                Files.write(file, bytes);
                forced.add(disk.submit(() -> force(file)));
            });
            for (Future<?> file : forced) {
                file.get();
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the writing was interrupted", e);
        } finally {
            disk.shutdownNow();
        }
    }

    private static Void force(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        return null;
    }
}
