package org.patchdiffusion.data.augment;

/** An image on its way through the pipeline: pixels, and the maps that are still to be executed. */
final class WorkingImage {
    private final float[] values;
    private final int at;
    private final int channels;
    private final int height;
    private final int width;
    private AffineMap geometry = AffineMap.IDENTITY;
    private ColourMap colours = ColourMap.IDENTITY;

    /** @param values holds the image [channels, height, width] from {@code at} on, and is changed in place */
    WorkingImage(float[] values, int at, int channels, int height, int width) {
        this.values = values;
        this.at = at;
        this.channels = channels;
        this.height = height;
        this.width = width;
    }

    int height() {
        return height;
    }

    int width() {
        return width;
    }

    /** For each pixel of the new image, which pixel of the present one it shows. */
    interface PixelSource {
        int indexOf(int row, int column);
    }

    /** Rearranges the pixels at once. */
    void rearrange(PixelSource source) {
        int area = height * width;
        float[] old = new float[area];
        for (int c = 0; c < channels; c++) {
            int plane = at + c * area;
            System.arraycopy(values, plane, old, 0, area);
            for (int y = 0, i = plane; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    values[i++] = old[source.indexOf(y, x)];
                }
            }
        }
    }

    /** Adds a map from places in the new image to places in the old one, in pixels around the centre. */
    void move(AffineMap newToOld) {
        geometry = geometry.after(newToOld);
    }

    /** Adds a map of colours. */
    void recolour(ColourMap map) {
        colours = map.after(colours);
    }

    /** Executes the maps; one that nothing was added to leaves every bit. */
    void finish() {
        if (geometry != AffineMap.IDENTITY) {
            WaveletWarp.warp(values, at, channels, height, width, geometry);
        }
        if (colours != ColourMap.IDENTITY) {
            colours.apply(values, at, channels, height * width);
        }
    }
}
