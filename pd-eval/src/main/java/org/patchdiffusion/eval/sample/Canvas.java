package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Positions;

/**
 * What is drawn: a window of the plane of coordinates. A model knows coordinates from -1 to 1 on its own images; a canvas can
 * be a part of that, of any size and form, or reach beyond it.
 *
 * @param size height and width of the drawn images, in pixels
 * @param top row of the upper left pixel in the frame, negative above it
 * @param left column of that pixel, negative left of it
 * @param frame size of the picture whose sides have the coordinates -1 to 1, in pixels
 */
public record Canvas(PatchSize size, int top, int left, PatchSize frame) {

    /**
     * Checks the frame.
     *
     * @throws IllegalArgumentException if a side of the frame is shorter than 2
     */
    public Canvas {
        if (frame.height() < 2 || frame.width() < 2) {
            throw new IllegalArgumentException(
                    "a canvas in a frame of " + frame + ", expected sides of at least 2 pixels");
        }
    }

    /** A whole picture: its sides have the coordinates -1 to 1. */
    public static Canvas whole(int height, int width) {
        PatchSize size = new PatchSize(height, width);
        return new Canvas(size, 0, 0, size);
    }

    /** The part of this canvas that begins at a row and column of it. */
    Canvas part(int row, int column, PatchSize part) {
        return new Canvas(part, top + row, left + column, frame);
    }

    /** The same canvas with more pixels below and to the right. */
    Canvas enlargedTo(PatchSize larger) {
        return new Canvas(larger, top, left, frame);
    }

    /** The coordinates of its pixels, float32 {@code [1, 2, height, width]}; the caller closes them. */
    public INDArray positions() {
        return Positions.window(frame, top, left, size);
    }
}
