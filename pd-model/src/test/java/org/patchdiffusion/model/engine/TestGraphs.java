package org.patchdiffusion.model.engine;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Graphs that every engine must run. */
final class TestGraphs {

    /**
     * A graph with inputs.
     *
     * @param name for the test report
     */
    record Case(String name, Graph graph, Map<String, INDArray> inputs) {
        @Override
        public String toString() {
            return name;
        }
    }

    private TestGraphs() {}

    /** A tiny U-Net with all the forms of the real one, preconditioned, and its weighted loss. */
    static Case network() {
        int batch = 2;
        TestGraph g = new TestGraph(1, batch);
        SameDiff sd = g.sd;
        SDVariable x = g.input("x", batch, 3, 8, 8);
        SDVariable target = g.input("target", batch, 3, 8, 8);
        SDVariable pos = g.input("pos", batch, 2, 8, 8);
        SDVariable sigma = sd.math().abs(g.input("sigma", batch)).add(0.1);
        SDVariable weight = g.input("weight", batch);
        SDVariable variance = sigma.mul(sigma).add(0.25);
        SDVariable skip = sd.reshape(sd.math().reciprocal(variance).mul(0.25), batch, 1, 1, 1);
        SDVariable out = sd.reshape(sigma.mul(0.5).div(sd.math().sqrt(variance)), batch, 1, 1, 1);
        SDVariable in = sd.reshape(sd.math().rsqrt(variance), batch, 1, 1, 1);
        SDVariable noise = sd.reshape(sd.math().log(sigma).mul(0.25), batch, 1);
        SDVariable features = noise.mul(sd.constant(Nd4j.createFromArray(new float[][] {{1, 2, 4, 8}})));
        SDVariable embedding = sd.concat(1, sd.math().sin(features), sd.math().cos(features));
        SDVariable e = g.silu(g.dense("map1", g.silu(g.dense("map0", embedding, 8, 16)), 16, 16));

        SDVariable h0 = g.conv("conv_in", sd.concat(1, x.mul(in), pos), 5, 8, 3);
        SDVariable h = g.silu(g.groupNorm("norm0", h0, 8, 2, 8));
        h = g.addEmbedding(g.conv("conv0", h, 8, 8, 3), g.dense("affine", e, 16, 8), 8);
        h = g.conv("conv1", g.silu(g.groupNorm("norm1", h, 8, 2, 8)), 8, 8, 3);
        SDVariable h1 = h.add(h0).mul(Math.sqrt(0.5));
        SDVariable low = g.attention("attn", g.halve(h1), 8, 2, 4);
        SDVariable up = sd.concat(1, g.twice(low), h1);
        SDVariable f = g.conv("conv_out", g.silu(g.groupNorm("norm_out", up, 16, 4, 8)), 16, 3, 3);
        SDVariable denoised = x.mul(skip).add("D", f.mul(out));
        SDVariable error = denoised.sub(target);
        SDVariable perImage =
                sd.sum("loss_per_image", error.mul(error).mul(sd.reshape(weight, batch, 1, 1, 1)), 1, 2, 3);
        sd.sum("total", perImage).mul("loss", 1.0 / batch);
        g.parameter("unused", 1, 3);
        return new Case("network", g.graph("loss", "D", "loss_per_image", "loss"), g.inputs);
    }

    /** Dense algebra: transposed products, reductions, softmax, and functions that no network of ours uses. */
    static Case algebra() {
        TestGraph g = new TestGraph(2, 3);
        SameDiff sd = g.sd;
        SDVariable x = g.input("x", 3, 4);
        SDVariable w = g.parameter("w", 1, 4, 5);
        SDVariable v = g.parameter("v", 1, 3, 5);
        SDVariable product = sd.mmul("product", x, w);
        SDVariable cross = sd.mmul("cross", product, v, true, false, false);
        SDVariable positive = sd.math().exp(cross.mul(0.1)).add(1);
        SDVariable mixed = sd.math()
                .log(positive)
                .mul(sd.math().sqrt(positive))
                .div(sd.math().square(positive));
        SDVariable gate =
                sd.math().tanh(product).mul(sd.nn().sigmoid(v)).sub(sd.nn().relu(product, 0));
        SDVariable rows = sd.mean("rows", gate, true, 1);
        SDVariable soft =
                sd.nn().softmax("soft", sd.permute(gate.div(rows.mul(rows).add(1)), 1, 0), 1);
        SDVariable columns = sd.max("columns", mixed, 0).add(sd.norm2(mixed, 1));
        sd.sum(mixed).add(sd.sum(soft.mul(soft))).add("loss", sd.mean(columns));
        return new Case("algebra", g.graph("loss", "cross", "rows", "soft", "columns", "loss"), g.inputs);
    }

    /** Indexing: gather, strided slices, split, stack, pad, tile, comparisons, and integers computed in the graph. */
    static Case indexing() {
        TestGraph g = new TestGraph(3, 4);
        SameDiff sd = g.sd;
        SDVariable x = g.input("x", 4, 6);
        SDVariable w = g.parameter("w", 1, 6);
        SDVariable y = x.mul(w);
        SDVariable picked = sd.gather("picked", x, new int[] {3, 0, 3}, 0);
        SDVariable[] halves = sd.split(y, 2, 1);
        SDVariable stacked = sd.stack("stacked", 0, halves[0], halves[1].neg());
        SDVariable strided = sd.stridedSlice("strided", y, new long[] {0, 1}, new long[] {4, 6}, new long[] {2, 2});
        SDVariable tiled = sd.tile("tiled", sd.expandDims(strided, 0), 2, 1, 3);
        SDVariable mask = sd.castTo("mask", x.gt(0.2), DataType.FLOAT);
        SDVariable best = sd.argmax("best", x, 1);
        // SameDiff's gradient of gather is a loop, so only inputs are indexed.
        SDVariable taken = sd.gather("taken", sd.reshape(x, 24), best, 0);
        SDVariable shaped = sd.reshape("shaped", sd.squeeze(sd.expandDims(y, 1), 1), 2, -1);
        sd.sum(picked.mul(w))
                .add(sd.sum(stacked.mul(0.3)))
                .add(sd.sum(tiled.mul(tiled)))
                .add(sd.sum(y.mul(mask)))
                .add(sd.sum(taken).mul(sd.sum(w)))
                .add("loss", sd.mean(sd.math().cube(shaped)));
        return new Case(
                "indexing", g.graph("loss", "picked", "stacked", "tiled", "mask", "best", "shaped", "loss"), g.inputs);
    }

    /** Products, sums and differences of shapes that broadcast in every way. */
    static Case broadcasting() {
        TestGraph g = new TestGraph(4, 2);
        SameDiff sd = g.sd;
        SDVariable x = g.input("x", 2, 3, 4);
        SDVariable a = g.parameter("a", 1, 3, 1);
        SDVariable b = g.parameter("b", 1, 4);
        SDVariable c = g.parameter("c", 1, 2, 1, 1);
        SDVariable d = g.parameter("d", 1, 1, 3, 4);
        SDVariable y = x.mul(a).add(b).sub(c).mul("y", d);
        SDVariable z = a.mul(b).sub("z", c.mul(d));
        SDVariable same = y.mul(z).sub(y);
        sd.sum(same.mul(c)).mul("loss", sd.sum(b.mul(b)));
        return new Case("broadcasting", g.graph("loss", "y", "z", "loss"), g.inputs);
    }

    /** f(x, w) = sum (w x)², so that D = w x and d f / d w = 2 w x² by hand. */
    static Case closedForm() {
        TestGraph g = new TestGraph(5, 3);
        SDVariable x = g.input("x", 3, 2);
        SDVariable y = x.mul("y", g.parameter("w", 1, 3, 2));
        g.parameter("unused", 1, 2);
        g.sd.sum("loss", y.mul(y));
        return new Case("closed form", g.graph("loss", "y", "loss"), g.inputs);
    }
}
