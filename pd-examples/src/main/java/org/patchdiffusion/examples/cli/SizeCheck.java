package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.patchdiffusion.data.ImageDataset;

/** The paper's patch sizes halve and quarter the image, and networks halve it again: sides are powers of two. */
final class SizeCheck {

    private SizeCheck() {}

    /**
     * Refuses images of other sizes, unless asked for.
     *
     * @throws IOException naming the data and what to do
     */
    static void requirePowersOfTwo(Path data, ImageDataset images, boolean anySize) throws IOException {
        boolean fits = Integer.bitCount(images.height()) == 1 && Integer.bitCount(images.width()) == 1;
        if (!fits && !anySize) {
            int side = Integer.highestOneBit(Math.min(images.height(), images.width()));
            throw new IOException("--data " + data + ": images are " + images.width() + "x" + images.height()
                    + ", expected sides that are powers of two; convert them with \"pd dataset --resolution " + side
                    + "x" + side + " --transform center-crop\", or give --any-size to train on them as they are");
        }
    }
}
