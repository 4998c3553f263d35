package org.patchdiffusion.train.run;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/**
 * The machine's own files, of which one operation fails: opening, reading, writing (which writes half of it first),
 * forcing, making, moving, deleting, listing, looking at attributes. In the manner of a crash, all that follow fail too.
 */
final class FaultyFiles extends FileSystemProvider {
    private final FaultyFileSystem fileSystem;
    private final FileSystemProvider real;
    private final int failing;
    private final boolean isCrash;
    private int operations;

    /** The {@code failing}-th operation from now on fails, counted from 1. */
    FaultyFiles(Path real, int failing, boolean isCrash) {
        this.fileSystem = new FaultyFileSystem(this, real.getFileSystem());
        this.real = real.getFileSystem().provider();
        this.failing = failing;
        this.isCrash = isCrash;
    }

    /** A path of these files. */
    Path wrap(Path path) {
        return fileSystem.wrap(path);
    }

    /** Whether the failing operation was reached. */
    boolean hasFailed() {
        return operations >= failing;
    }

    private static Path unwrap(Path path) {
        return ((FaultyPath) path).real();
    }

    private boolean isDue() {
        operations++;
        return operations == failing || isCrash && operations > failing;
    }

    private void count() throws IOException {
        if (isDue()) {
            throw new IOException("the disk fails operation " + operations);
        }
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        count();
        return new FaultyChannel(FileChannel.open(unwrap(path), options, attributes), this);
    }

    /** Writes half of it and fails, if it is time to fail. */
    int write(FileChannel channel, ByteBuffer bytes) throws IOException {
        if (isDue()) {
            channel.write(bytes.slice(bytes.position(), bytes.remaining() / 2));
            throw new IOException("the disk fails operation " + operations);
        }
        return channel.write(bytes);
    }

    int read(FileChannel channel, ByteBuffer bytes) throws IOException {
        count();
        return channel.read(bytes);
    }

    /** Only counts: no test cuts the power, and the disk takes its time. */
    void force() throws IOException {
        count();
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path path, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        count();
        DirectoryStream<Path> stream = real.newDirectoryStream(unwrap(path), entry -> filter.accept(wrap(entry)));
        return new DirectoryStream<>() {
            @Override
            public Iterator<Path> iterator() {
                Iterator<Path> entries = stream.iterator();
                return new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return entries.hasNext();
                    }

                    @Override
                    public Path next() {
                        return wrap(entries.next());
                    }
                };
            }

            @Override
            public void close() throws IOException {
                stream.close();
            }
        };
    }

    @Override
    public void createDirectory(Path path, FileAttribute<?>... attributes) throws IOException {
        count();
        real.createDirectory(unwrap(path), attributes);
    }

    @Override
    public void delete(Path path) throws IOException {
        count();
        real.delete(unwrap(path));
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        count();
        real.copy(unwrap(source), unwrap(target), options);
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        count();
        real.move(unwrap(source), unwrap(target), options);
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        count();
        real.checkAccess(unwrap(path), modes);
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        count();
        return real.readAttributes(unwrap(path), type, options);
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        count();
        return real.readAttributes(unwrap(path), attributes, options);
    }

    @Override
    public boolean isSameFile(Path path, Path other) throws IOException {
        return real.isSameFile(unwrap(path), unwrap(other));
    }

    @Override
    public boolean isHidden(Path path) throws IOException {
        return real.isHidden(unwrap(path));
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
        return real.getFileStore(unwrap(path));
    }

    @Override
    public <V extends FileAttributeView> V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
        return real.getFileAttributeView(unwrap(path), type, options);
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        real.setAttribute(unwrap(path), attribute, value, options);
    }

    @Override
    public String getScheme() {
        return "faulty";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        return fileSystem;
    }

    @Override
    public Path getPath(URI uri) {
        throw new UnsupportedOperationException();
    }
}
