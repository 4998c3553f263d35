package org.patchdiffusion.model.engine.compiled.pass;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.patchdiffusion.model.engine.compiled.ir.ChannelMap;
import org.patchdiffusion.model.engine.compiled.ir.Layouts;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Reorder;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * Stage "layout": every node, forward and backward, asks for the memory layouts that it needs; a {@link Reorder} goes where
 * a tensor lies otherwise. Outputs of the program are row-major.
 */
public final class ChooseLayouts implements Layouts {

    private final Value.Layout images;
    private final int lanes;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Value, List<Value>> copies = new HashMap<>();

    private ChooseLayouts(Value.Layout images, int lanes) {
        this.images = images;
        this.lanes = lanes;
    }

    /**
     * Places every tensor of a graph.
     *
     * @param images layout of image tensors: in blocks, or with the channels last
     * @param lanes channels in a block; where they are last, their number is padded to a multiple of it
     */
    public static TypedGraph run(TypedGraph graph, Value.Layout images, int lanes) {
        ChooseLayouts pass = new ChooseLayouts(images, lanes);
        int forward = 0;
        Map<String, Value> outputs = new LinkedHashMap<>();
        for (int i = 0; i <= graph.nodes().size(); i++) {
            if (i == graph.forward()) {
                graph.outputs().forEach((name, value) -> outputs.put(name, pass.plain(value)));
                forward = pass.nodes.size();
            }
            if (i < graph.nodes().size()) {
                Node placed = graph.nodes().get(i).place(pass);
                pass.nodes.add(placed);
            }
        }
        return new TypedGraph(pass.nodes, forward, outputs, graph.loss());
    }

    @Override
    public Value plain(Value value) {
        return value.blocked() ? copy(value, Value.Layout.PLAIN, null) : value;
    }

    @Override
    public Value blocked(Value value) {
        return value.blocked() ? value : dense(value);
    }

    @Override
    public Value dense(Value value) {
        return blocked(value, inOrder(value));
    }

    @Override
    public Value like(Value value, Value model) {
        return model.blocked() ? blocked(value, model.map()) : plain(value);
    }

    @Override
    public Value exact(Value value) {
        return value.layout() == Value.Layout.BLOCKED && value.map().isExact() ? value : plain(value);
    }

    @Override
    public Value matrix(Value value) {
        return isMatrix(value) ? dense(value) : plain(value);
    }

    @Override
    public void placeMatrix(Value output) {
        if (isMatrix(output)) {
            placeDense(output);
        }
    }

    private boolean isMatrix(Value value) {
        return images == Value.Layout.CHANNELS_LAST && value.channels() % lanes == 0;
    }

    @Override
    public void placeDense(Value output) {
        output.place(images, inOrder(output));
    }

    private ChannelMap inOrder(Value value) {
        return images == Value.Layout.CHANNELS_LAST
                ? ChannelMap.channelsLast(value.channels(), lanes)
                : ChannelMap.dense(value.channels(), lanes);
    }

    private Value blocked(Value value, ChannelMap map) {
        if (value.blocked()) {
            return value.map().equals(map) ? value : blocked(plain(value), map);
        }
        return copy(value, images, map);
    }

    private Value copy(Value value, Value.Layout layout, ChannelMap map) {
        List<Value> known = copies.computeIfAbsent(value, key -> new ArrayList<>());
        for (Value copy : known) {
            if (copy.layout() == layout && Objects.equals(copy.map(), map)) {
                return copy;
            }
        }
        String suffix = layout == Value.Layout.PLAIN ? " plain" : " blocked";
        Value copy = value.like(value.name() + suffix, value.differentiable());
        copy.place(layout, map);
        nodes.add(new Reorder(copy, value));
        known.add(copy);
        return copy;
    }
}
