package org.patchdiffusion.model.unet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;

/** Against strided and transposed convolutions with the whole filter, written out. */
class ResampleTest {

    private static final int BATCH = 2;
    private static final int CHANNELS = 3;
    private static final int HEIGHT = 6;
    private static final int WIDTH = 8;

    static List<List<Integer>> filters() {
        return List.of(List.of(1, 1), List.of(1, 3, 3, 1), List.of(1, 5, 10, 10, 5, 1));
    }

    private final INDArray x = random();

    private static INDArray random() {
        SplittableRandom random = new SplittableRandom(7);
        INDArray x = Nd4j.create(DataType.FLOAT, BATCH, CHANNELS, HEIGHT, WIDTH);
        for (long i = 0; i < x.length(); i++) {
            x.putScalar(i, random.nextDouble() - 0.5);
        }
        return x;
    }

    private interface Op {
        Feature apply(GraphContext g, Feature x);
    }

    private INDArray run(Op op) {
        Parameters none =
                Parameters.zeros(ParameterLayout.builder().add("unused", 1).build());
        GraphContext g = GraphContext.create(none, BATCH, false);
        SDVariable input = g.sd().placeHolder("x", DataType.FLOAT, x.shape());
        Feature y = op.apply(g, new Feature(input, CHANNELS, HEIGHT, WIDTH));
        INDArray got = g.sd().outputSingle(Map.of("x", x), y.value().name());
        assertEquals(
                List.of((long) BATCH, (long) CHANNELS, (long) y.height(), (long) y.width()),
                List.of(got.size(0), got.size(1), got.size(2), got.size(3)));
        return got;
    }

    private double pixel(int b, int c, int i, int j) {
        return i < 0 || j < 0 || i >= HEIGHT || j >= WIDTH ? 0 : x.getDouble(b, c, i, j);
    }

    @ParameterizedTest
    @MethodSource("filters")
    void downIsAStridedConvolution(List<Integer> filter) {
        INDArray got = run(new Resample(filter)::down);
        int padding = (filter.size() - 1) / 2;
        double sum = filter.stream().mapToInt(Integer::intValue).sum();
        for (int i = 0; i < HEIGHT / 2; i++) {
            for (int j = 0; j < WIDTH / 2; j++) {
                double want = 0;
                for (int u = 0; u < filter.size(); u++) {
                    for (int v = 0; v < filter.size(); v++) {
                        want += filter.get(u) * filter.get(v) * pixel(1, 2, 2 * i + u - padding, 2 * j + v - padding);
                    }
                }
                assertEquals(want / (sum * sum), got.getDouble(1, 2, i, j), 1e-6);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("filters")
    void upIsATransposedConvolution(List<Integer> filter) {
        INDArray got = run(new Resample(filter)::up);
        int padding = (filter.size() - 1) / 2;
        double sum = filter.stream().mapToInt(Integer::intValue).sum();
        double[][] want = new double[2 * HEIGHT][2 * WIDTH];
        for (int i = 0; i < HEIGHT * filter.size(); i++) {
            for (int j = 0; j < WIDTH * filter.size(); j++) {
                int row = 2 * (i / filter.size()) + i % filter.size() - padding;
                int column = 2 * (j / filter.size()) + j % filter.size() - padding;
                if (row >= 0 && column >= 0 && row < 2 * HEIGHT && column < 2 * WIDTH) {
                    want[row][column] += 4
                            / (sum * sum)
                            * filter.get(i % filter.size())
                            * filter.get(j % filter.size())
                            * pixel(1, 2, i / filter.size(), j / filter.size());
                }
            }
        }
        for (int i = 0; i < 2 * HEIGHT; i++) {
            for (int j = 0; j < 2 * WIDTH; j++) {
                assertEquals(want[i][j], got.getDouble(1, 2, i, j), 1e-6);
            }
        }
    }
}
