package org.patchdiffusion.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.patchdiffusion.data.source.ImageSource;

/**
 * How the files of a source looked when it was opened: tells when one is changed while it is in use.
 *
 * @param files the one that holds all images, or the file of each
 * @param stamps size and time of each
 */
record SourceStamp(List<Path> files, List<Stamp> stamps) {

    /** Size in bytes and time of the last change. */
    record Stamp(long size, long modifiedNanos) {

        static Stamp of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(attributes.size(), attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS));
        }
    }

    /** @param entries the images that are used */
    static SourceStamp of(ImageSource source, List<String> entries) throws IOException {
        List<Path> files = entries.stream().map(source::file).distinct().toList();
        List<Stamp> stamps = new ArrayList<>();
        for (Path file : files) {
            stamps.add(Stamp.of(file));
        }
        return new SourceStamp(files, stamps);
    }

    /** @throws IOException if the file that holds an image is gone or another one than before */
    void requireUnchanged(int image) throws IOException {
        int i = files.size() == 1 ? 0 : image;
        Path file = files.get(i);
        if (!Files.exists(file) || !Stamp.of(file).equals(stamps.get(i))) {
            throw new IOException(file + " was changed while it was in use; leave it as it is until the end");
        }
    }

    /** @throws IOException if any file is gone or another one than before */
    void requireUnchanged() throws IOException {
        for (int i = 0; i < files.size(); i++) {
            requireUnchanged(i);
        }
    }

    void addTo(Fingerprint digest) {
        stamps.forEach(stamp -> digest.text(stamp.size() + " " + stamp.modifiedNanos()));
    }
}
