package org.patchdiffusion.data.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/** Image files in a zip or folder, with the classes of a {@code dataset.json} or of the folders that they lie in. */
final class FileSource implements ImageSource {

    private static final int MAX_IMAGE_FILE_BYTES = 64 << 20;
    private static final int MAX_NOTICE_BYTES = 1 << 20;
    private static final String LABELS = "dataset.json";
    private static final Set<String> NOTICES = Set.of("NOTICE", "LICENSE", "LICENCE", "COPYING");
    private static final Set<String> DESKTOP = Set.of("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir");

    private final FileTree tree;
    private final List<String> images = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();
    private final Optional<String> labelFile;
    private final LeftOut leftOut;
    private LabelFile parsed;

    FileSource(FileTree tree) {
        this.tree = tree;
        List<String> visible =
                tree.files().stream().filter(file -> !isHidden(file)).toList();
        String root = root(visible);
        labelFile = Optional.of(root + LABELS).filter(visible::contains);
        Map<String, Integer> others = new TreeMap<>();
        for (String file : visible) {
            if (ImageFormat.isPromisedBy(file)) {
                images.add(file);
            } else if (isNotice(file, root)) {
                notices.add(file);
            } else if (!file.equals(root + LABELS)) {
                others.merge(ImageFormat.ending(file), 1, Integer::sum);
            }
        }
        leftOut = LeftOut.of(tree.files().size() - visible.size(), others);
    }

    /** Whether a path is one that archivers and desktops add by themselves, such as {@code __MACOSX/._a.png}. */
    private static boolean isHidden(String file) {
        for (String part : file.split("/")) {
            if (part.startsWith(".") || DESKTOP.contains(part.toLowerCase(Locale.ROOT))) {
                return true;
            }
        }
        return false;
    }

    /** The folder that holds everything, if the label file lies in it: a folder zipped whole has one more level. */
    private static String root(List<String> files) {
        String root = "";
        while (!files.isEmpty() && !files.contains(root + LABELS)) {
            int slash = files.get(0).indexOf('/', root.length());
            String next = files.get(0).substring(0, slash + 1);
            if (slash < 0 || !files.stream().allMatch(file -> file.startsWith(next))) {
                return "";
            }
            root = next;
        }
        return root;
    }

    private static boolean isNotice(String file, String root) {
        String name = file.substring(Math.min(file.length(), root.length()));
        int dot = name.indexOf('.');
        return !name.contains("/")
                && NOTICES.contains((dot < 0 ? name : name.substring(0, dot)).toUpperCase(Locale.ROOT));
    }

    @Override
    public Path path() {
        return tree.path();
    }

    @Override
    public List<String> images() {
        return images;
    }

    @Override
    public Path file(String image) {
        return tree.location(image);
    }

    @Override
    public PixelImage decode(String image, Decoding how) throws IOException {
        byte[] file = tree.read(image, MAX_IMAGE_FILE_BYTES);
        try {
            return ImageDecoder.decode(file, how);
        } catch (IOException e) {
            throw new IOException(path() + ": image " + image + " " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<Labels> labels() throws IOException {
        if (labelFile.isEmpty()) {
            return FolderLabels.of(images);
        }
        LabelFile file = labelFile();
        return file.labels().map(labels -> matched(labels, file.classes()));
    }

    private synchronized LabelFile labelFile() throws IOException {
        if (parsed == null) {
            String name = labelFile.orElseThrow();
            parsed = LabelFile.read(tree.read(name, LabelFile.MAX_BYTES), path() + ": " + name, images.size());
        }
        return parsed;
    }

    private Labels matched(Map<String, Integer> labels, List<String> classes) {
        String name = labelFile.orElseThrow();
        PathMatcher matcher = new PathMatcher(images, name.substring(0, name.length() - LABELS.length()));
        Map<String, Integer> byImage = new HashMap<>();
        List<String> unknown = new ArrayList<>();
        labels.forEach((path, label) -> matcher.find(path)
                .filter(image -> byImage.putIfAbsent(image, label) == null)
                .or(() -> {
                    unknown.add(path);
                    return Optional.empty();
                }));
        List<String> unlabelled =
                images.stream().filter(image -> !byImage.containsKey(image)).toList();
        return new Labels(name, byImage, classes, unlabelled, unknown);
    }

    @Override
    public OptionalInt channels() throws IOException {
        return labelFile.isEmpty() ? OptionalInt.empty() : labelFile().channels();
    }

    @Override
    public LeftOut leftOut() {
        return leftOut;
    }

    @Override
    public Map<String, byte[]> notices() throws IOException {
        Map<String, byte[]> found = new LinkedHashMap<>();
        for (String notice : notices) {
            found.put(notice.substring(notice.lastIndexOf('/') + 1), tree.read(notice, MAX_NOTICE_BYTES));
        }
        return found;
    }

    @Override
    public void close() throws IOException {
        tree.close();
    }
}
