package org.patchdiffusion.data.convert;

import java.util.Locale;

/** What a data set is written as. */
public enum Container {
    /** One file, its images stored as they are. */
    ZIP,
    /** A folder with folders in it. */
    FOLDER;

    /** A zip if the path as the user wrote it ends in {@code .zip}, else a folder. */
    public static Container of(String path) {
        return path.toLowerCase(Locale.ROOT).endsWith(".zip") ? ZIP : FOLDER;
    }
}
