package org.patchdiffusion.model.engine.compiled.ir;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A tensor of the typed graph. Tensors that hold something for each image of the batch are described for one image, so
 * that the same graph can run on any share of the batch.
 */
public final class Value {

    /** What a tensor holds. */
    public enum Kind {
        /** {@code [channels, height, width]} for each image. */
        IMAGE,
        /** Numbers for each image, row-major in whatever shape; {@code channels} counts them. */
        FLAT,
        /** One number that is a sum over the batch: each share of the batch knows its own part of it. */
        SUM,
        /** An array that cannot be split by images; only {@link Part}s compute it. */
        WHOLE
    }

    /** How a tensor lies in memory. */
    public enum Layout {
        /** Row-major. */
        PLAIN,
        /** oneDNN's {@code nChw16c} (or {@code 8c}): channels in blocks of one vector register, see {@link ChannelMap}. */
        BLOCKED,
        /** oneDNN's {@code nhwc}, in bfloat16: all channels of a pixel together, one block that holds them all. */
        CHANNELS_LAST
    }

    private final String name;
    private final Kind kind;
    private final DataType type;
    private final long[] shape;
    private final boolean differentiable;
    private Layout layout = Layout.PLAIN;
    private ChannelMap map;

    private Value(String name, Kind kind, DataType type, long[] shape, boolean differentiable) {
        this.name = name;
        this.kind = kind;
        this.type = type;
        this.shape = shape.clone();
        this.differentiable = differentiable;
    }

    /**
     * A tensor whose kind follows from its shape: one that is split by images if it is float32 and its first axis is as
     * long as the batch.
     *
     * @param shape batch axis included
     * @param differentiable whether it depends on parameters, so that its gradient may be wanted
     */
    public static Value of(String name, long batch, DataType type, long[] shape, boolean differentiable) {
        boolean split = type == DataType.FLOAT && shape.length > 0 && shape[0] == batch;
        Kind kind = !split ? Kind.WHOLE : shape.length == 4 ? Kind.IMAGE : Kind.FLAT;
        Value value = new Value(name, kind, type, shape, differentiable);
        if (split) {
            Math.toIntExact(value.elements());
        }
        return value;
    }

    /** An array that is not split by images, whatever its shape. */
    public static Value whole(String name, DataType type, long[] shape, boolean differentiable) {
        return new Value(name, Kind.WHOLE, type, shape, differentiable);
    }

    /** An image tensor for a batch. */
    public static Value image(String name, long batch, long channels, long height, long width, boolean differentiable) {
        return of(name, batch, DataType.FLOAT, new long[] {batch, channels, height, width}, differentiable);
    }

    /** A number for each image in another shape than {@code [batch, …]}: a sum over the batch. */
    public static Value sum(String name, boolean differentiable) {
        return new Value(name, Kind.SUM, DataType.FLOAT, new long[0], differentiable);
    }

    /** A tensor of the same kind, shape and type under another name. */
    public Value like(String newName, boolean isDifferentiable) {
        return new Value(newName, kind, type, shape, isDifferentiable);
    }

    /** Name of its gradient, which has the same kind, shape and type. */
    public Value gradientLike() {
        return like("d " + name, false);
    }

    public String name() {
        return name;
    }

    public Kind kind() {
        return kind;
    }

    public boolean isImage() {
        return kind == Kind.IMAGE;
    }

    /** Whether it holds something for each image. */
    public boolean isSplit() {
        return kind == Kind.IMAGE || kind == Kind.FLAT;
    }

    public DataType type() {
        return type;
    }

    /** Whole shape, batch axis included. */
    public long[] shape() {
        return shape.clone();
    }

    public int rank() {
        return shape.length;
    }

    public boolean hasShape(long... expected) {
        return Arrays.equals(shape, expected);
    }

    public boolean sameShape(Value other) {
        return kind == other.kind && Arrays.equals(shape, other.shape);
    }

    /** Whether the loss depends on this tensor through parameters, so that its gradient is wanted. */
    public boolean differentiable() {
        return differentiable;
    }

    /** Length of the batch axis. */
    public long batch() {
        return shape[0];
    }

    /** Channels of an image; numbers an image of a flat tensor. */
    public int channels() {
        return kind == Kind.IMAGE ? (int) shape[1] : (int) elements();
    }

    public int height() {
        return kind == Kind.IMAGE ? (int) shape[2] : 1;
    }

    public int width() {
        return kind == Kind.IMAGE ? (int) shape[3] : 1;
    }

    public int pixels() {
        return Math.multiplyExact(height(), width());
    }

    /** Elements for one image, without padding; for a tensor that is not split, all of them. */
    public long elements() {
        long elements = 1;
        for (int axis = isSplit() ? 1 : 0; axis < shape.length; axis++) {
            elements = Math.multiplyExact(elements, shape[axis]);
        }
        return elements;
    }

    public Layout layout() {
        return layout;
    }

    /** Whether channels lie in blocks, of one register or of all of them, so that there is a {@link #map}. */
    public boolean blocked() {
        return layout != Layout.PLAIN;
    }

    /** Type of the numbers in memory: activations with their channels last are kept in half the bytes. */
    public DataType stored() {
        return layout == Layout.CHANNELS_LAST ? DataType.BFLOAT16 : type;
    }

    /** Decides the memory layout, once; {@code channelMap} is null for a plain tensor. */
    public void place(Layout chosen, ChannelMap channelMap) {
        layout = chosen;
        map = channelMap;
    }

    /** Where each channel stands in the blocked layout. */
    public ChannelMap map() {
        return map;
    }

    /** Channels with the padding of the chosen layout. */
    public int physicalChannels() {
        return blocked() ? map.physical() : channels();
    }

    /** Elements for one image in the chosen layout, padding included. */
    public long physicalElements() {
        return blocked() ? (long) map.physical() * pixels() : elements();
    }

    /** Bytes for one image in the chosen layout. */
    public long bytesPerImage() {
        return physicalElements() * stored().width();
    }

    @Override
    public String toString() {
        return name
                + Arrays.toString(shape)
                + (blocked() ? " " + layout.name().toLowerCase(java.util.Locale.ROOT) : "");
    }
}
