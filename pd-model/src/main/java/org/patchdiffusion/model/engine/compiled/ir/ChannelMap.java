package org.patchdiffusion.model.engine.compiled.ir;

import java.util.Arrays;
import java.util.List;

/**
 * Where the channels of a tensor in blocks of channels stand: logical channel c is at physical channel {@code physical(c)}, the rest
 * is padding, which holds finite numbers that nothing reads: kernels have zeros there.
 *
 * <p>Padding each part to whole blocks lets a concatenation copy blocks, whatever the channel counts are.
 */
public final class ChannelMap {

    private final int[] positions;
    private final int physical;
    /** Channels in a block; 0 if one block holds them all. */
    private final int block;

    private ChannelMap(int[] positions, int physical, int block) {
        this.positions = positions;
        this.physical = physical;
        this.block = block;
    }

    /** Channels in order, padded at the end to whole blocks of {@code lanes}. */
    public static ChannelMap dense(int channels, int lanes) {
        return new ChannelMap(inOrder(channels), (channels + lanes - 1) / lanes * lanes, lanes);
    }

    /** Channels in order, all in one block, padded at the end to a multiple of {@code lanes}. */
    public static ChannelMap channelsLast(int channels, int lanes) {
        return new ChannelMap(inOrder(channels), (channels + lanes - 1) / lanes * lanes, 0);
    }

    private static int[] inOrder(int channels) {
        int[] positions = new int[channels];
        for (int c = 0; c < channels; c++) {
            positions[c] = c;
        }
        return positions;
    }

    /** One map behind the other. */
    public static ChannelMap concat(List<ChannelMap> parts) {
        int[] positions = new int[parts.stream().mapToInt(ChannelMap::logical).sum()];
        int logical = 0;
        int physical = 0;
        for (ChannelMap part : parts) {
            for (int position : part.positions) {
                positions[logical++] = physical + position;
            }
            physical += part.physical;
        }
        return new ChannelMap(positions, physical, parts.get(0).block);
    }

    /** Number of channels. */
    public int logical() {
        return positions.length;
    }

    /** Number of channels with padding. */
    public int physical() {
        return physical;
    }

    /** Channels in a block. */
    public int lanes() {
        return block == 0 ? physical : block;
    }

    /** Physical place of a channel. */
    public int physical(int channel) {
        return positions[channel];
    }

    /** Whether there is no padding at all. */
    public boolean isExact() {
        return positions.length == physical;
    }

    /** Whether padding, if any, stands only at the end. */
    public boolean isDense() {
        return positions[positions.length - 1] == positions.length - 1;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChannelMap that
                && physical == that.physical
                && block == that.block
                && Arrays.equals(positions, that.positions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(positions) * 31 + physical;
    }
}
