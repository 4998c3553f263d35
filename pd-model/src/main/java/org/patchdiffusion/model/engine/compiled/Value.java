package org.patchdiffusion.model.engine.compiled;

/**
 * A tensor of the typed graph, described for one image of the batch: the batch axis is left out, so that the same
 * graph can run on any share of the batch.
 */
final class Value {

    /** What a tensor holds for each image. */
    enum Kind {
        /** {@code [channels, height, width]}. */
        IMAGE,
        /** {@code [channels]}; height and width are 1. */
        VECTOR,
        /** One number for the whole batch (a sum over it). */
        SCALAR
    }

    /** How an image tensor lies in memory. */
    enum Layout {
        /** Row-major {@code [batch, channels, height, width]}. */
        PLAIN,
        /** oneDNN's {@code nChw16c} (or {@code 8c}): channels in blocks of one vector register, see {@link ChannelMap}. */
        BLOCKED
    }

    final String name;
    final Kind kind;
    final int channels;
    final int height;
    final int width;
    /** Whether the loss depends on this tensor through parameters, so that its gradient is wanted. */
    final boolean differentiable;

    private Layout layout = Layout.PLAIN;
    private ChannelMap map;

    Value(String name, Kind kind, int channels, int height, int width, boolean differentiable) {
        this.name = name;
        this.kind = kind;
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.differentiable = differentiable;
    }

    static Value image(String name, int channels, int height, int width, boolean differentiable) {
        return new Value(name, Kind.IMAGE, channels, height, width, differentiable);
    }

    static Value vector(String name, int channels, boolean differentiable) {
        return new Value(name, Kind.VECTOR, channels, 1, 1, differentiable);
    }

    static Value scalar(String name) {
        return new Value(name, Kind.SCALAR, 1, 1, 1, true);
    }

    /** A tensor of the same kind and size under another name. */
    Value like(String newName, boolean isDifferentiable) {
        return new Value(newName, kind, channels, height, width, isDifferentiable);
    }

    boolean sameSize(Value other) {
        return kind == other.kind && channels == other.channels && height == other.height && width == other.width;
    }

    /** Elements for one image, without padding. */
    int elements() {
        return channels * pixels();
    }

    int pixels() {
        return height * width;
    }

    Layout layout() {
        return layout;
    }

    boolean blocked() {
        return layout == Layout.BLOCKED;
    }

    /** Decides the memory layout; {@code map} is null for a plain tensor. */
    void place(Layout chosen, ChannelMap channelMap) {
        layout = chosen;
        map = channelMap;
    }

    /** Where each channel stands in the blocked layout. */
    ChannelMap map() {
        return map;
    }

    /** Floats that one image takes in the chosen layout. */
    int floatsPerImage() {
        return (blocked() ? map.physical() : channels) * pixels();
    }

    @Override
    public String toString() {
        return name + "[" + channels + "x" + height + "x" + width + " " + kind + " " + layout + "]";
    }
}
