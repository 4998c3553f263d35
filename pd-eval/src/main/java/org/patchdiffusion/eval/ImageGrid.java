package org.patchdiffusion.eval;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Lays images out in one picture, row by row.
 *
 * @param columns images in a row
 * @param margin pixels between images and around them
 * @param background colour of the margin and of empty places, 0xRRGGBB
 * @param scale how many pixels each image pixel becomes in both directions (nearest neighbour)
 */
public record ImageGrid(int columns, int margin, int background, int scale) {
    /** Pure white. */
    public static final int WHITE = 0xFFFFFF;

    /** A light gray, on which white images show their edges. */
    public static final int LIGHT_GRAY = 0xDDDDDD;

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException naming the setting that is out of range
     */
    public ImageGrid {
        require(columns >= 1, "columns", columns, "at least 1");
        require(margin >= 0, "margin", margin, "0 or more pixels");
        require(background >= 0 && background <= WHITE, "background", background, "a colour 0xRRGGBB");
        require(scale >= 1, "scale", scale, "at least 1");
    }

    /** A grid on light gray with a margin of 2 pixels, at the images' own size. */
    public static ImageGrid ofColumns(int columns) {
        return new ImageGrid(columns, 2, LIGHT_GRAY, 1);
    }

    /** The same grid with another margin. */
    public ImageGrid withMargin(int pixels) {
        return new ImageGrid(columns, pixels, background, scale);
    }

    /** The same grid on another colour, 0xRRGGBB. */
    public ImageGrid withBackground(int rgb) {
        return new ImageGrid(columns, margin, rgb, scale);
    }

    /** The same grid with each image enlarged by a whole factor. */
    public ImageGrid withScale(int factor) {
        return new ImageGrid(columns, margin, background, factor);
    }

    /**
     * Draws the grid; the last row may be part empty.
     *
     * @throws IllegalArgumentException if there is no image, or the images are neither gray nor RGB
     */
    public BufferedImage draw(Images images) {
        images.requirePicture();
        if (images.count() == 0) {
            throw new IllegalArgumentException("got no images, expected at least one to draw a grid");
        }
        int rows = (images.count() + columns - 1) / columns;
        int cellWidth = images.width() * scale + margin;
        int cellHeight = images.height() * scale + margin;
        BufferedImage grid = new BufferedImage(
                Math.addExact(Math.multiplyExact(columns, cellWidth), margin),
                Math.addExact(Math.multiplyExact(rows, cellHeight), margin),
                BufferedImage.TYPE_INT_RGB);
        int[] line = new int[grid.getWidth()];
        for (int y = 0; y < grid.getHeight(); y++) {
            drawLine(images, y, cellWidth, cellHeight, line);
            grid.setRGB(0, y, line.length, 1, line, 0, line.length);
        }
        return grid;
    }

    private void drawLine(Images images, int y, int cellWidth, int cellHeight, int[] line) {
        int row = Math.floorDiv(y - margin, cellHeight);
        int imageY = Math.floorMod(y - margin, cellHeight) / scale;
        for (int x = 0; x < line.length; x++) {
            int column = Math.floorDiv(x - margin, cellWidth);
            int imageX = Math.floorMod(x - margin, cellWidth) / scale;
            int image = row * columns + column;
            boolean inside = row >= 0
                    && column >= 0
                    && image < images.count()
                    && imageY < images.height()
                    && imageX < images.width();
            line[x] = inside ? images.rgb(image, imageY, imageX) : background;
        }
    }

    /**
     * Draws the grid into a PNG file.
     *
     * @throws IllegalArgumentException if there is no image, or the images are neither gray nor RGB
     * @throws IOException if the file cannot be written; the message names it
     */
    public void write(Path file, Images images) throws IOException {
        PngFiles.write(file, draw(images));
    }

    private static void require(boolean valid, String name, int value, String expected) {
        if (!valid) {
            throw new IllegalArgumentException("grid option " + name + " is " + value + ", expected " + expected);
        }
    }
}
