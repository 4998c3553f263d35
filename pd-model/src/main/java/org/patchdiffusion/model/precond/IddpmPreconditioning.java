package org.patchdiffusion.model.precond;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The formulation of improved DDPM (Nichol and Dhariwal 2021) with its table of discrete noise levels
 * (Karras et al. 2022, table 1, column "iDDPM", and appendix C.3).
 *
 * <p>Networks that also predict a variance have twice as many outputs; D uses the first half.
 *
 * @param c1 lower bound of the ratio of successive signal levels
 * @param c2 offset of the cosine schedule
 * @param steps number of discrete noise levels, without the final 0
 */
public record IddpmPreconditioning(double c1, double c2, int steps) implements Preconditioning {

    static final String NAME = "iddpm";

    private static final Map<IddpmPreconditioning, double[]> TABLES = new ConcurrentHashMap<>();

    public IddpmPreconditioning {
        if (!(c1 > 0 && c1 < 1 && c2 > 0 && steps > 1 && steps <= 1_000_000)) {
            throw new IllegalArgumentException(
                    "iddpm preconditioning needs c1 in (0, 1), a positive c2 and 2 to 1000000" + " steps, got " + c1
                            + ", " + c2 + ", " + steps);
        }
    }

    /** The paper's settings: c1 0.001, c2 0.008, 1000 steps. */
    public static IddpmPreconditioning standard() {
        return new IddpmPreconditioning(0.001, 0.008, 1000);
    }

    @Override
    public String name() {
        return NAME;
    }

    /**
     * The noise levels u_0 (highest) to u_steps = 0 (appendix C.3.3, eq. 182), in the float32 arithmetic of the published
     * models: at the low end, where (u^2 + 1) / ratio - 1 cancels, exact arithmetic differs by up to 5e-4.
     */
    public double[] table() {
        return levels().clone();
    }

    private double[] levels() {
        return TABLES.computeIfAbsent(this, IddpmPreconditioning::computeTable);
    }

    private double[] computeTable() {
        double[] table = new double[steps + 1];
        float u = 0;
        for (int j = steps; j > 0; j--) {
            float ratio = Math.max(signal(j - 1) / signal(j), (float) c1);
            u = (float) Math.sqrt((u * u + 1) / ratio - 1);
            table[j - 1] = u;
        }
        return table;
    }

    private float signal(int j) {
        float sine = sine(j * (float) (0.5 * Math.PI) / steps / (float) (c2 + 1));
        return sine * sine;
    }

    // The polynomial for [0, pi/2] of the vector mathematics library behind the published table (SLEEF, sinf within 1
    // ulp). A correctly rounded sine differs in one value of a hundred by an ulp, which the cancellation magnifies.
    private static float sine(float x) {
        float square = x * x;
        float p = Math.fma(2.6083159809786593541503e-06f, square, -1.981069071916863322258e-4f);
        p = Math.fma(p, square, 8.33307858556509017944336e-3f);
        double cubic = -0.166666597127914428710938f + (double) (p * square);
        return (float) (x * (1 + cubic * ((double) x * x)));
    }

    /** Index of the table entry nearest to a noise level; the lower index if two are equally near. */
    public int nearest(double sigma) {
        double[] u = levels();
        int best = 0;
        for (int j = 1; j < u.length; j++) {
            if (Math.abs(u[j] - sigma) < Math.abs(u[best] - sigma)) {
                best = j;
            }
        }
        return best;
    }

    @Override
    public double sigmaMin() {
        return levels()[steps - 1];
    }

    @Override
    public double sigmaMax() {
        return levels()[0];
    }

    @Override
    public double cSkip(double sigma) {
        return 1;
    }

    @Override
    public double cOut(double sigma) {
        return -sigma;
    }

    @Override
    public double cIn(double sigma) {
        return 1 / Math.sqrt(sigma * sigma + 1);
    }

    @Override
    public double cNoise(double sigma) {
        return steps - 1 - nearest(sigma);
    }

    @Override
    public double roundSigma(double sigma) {
        return levels()[nearest(sigma)];
    }

    @Override
    public boolean drawsNormal() {
        return false;
    }

    @Override
    public NoiseLevel draw(double uniform) {
        double sigma = levels()[(int) (uniform * steps)];
        return new NoiseLevel(sigma, 1 / (sigma * sigma));
    }

    @Override
    public boolean acceptsOutputs(int outChannels, int imageChannels) {
        return outChannels == imageChannels || outChannels == 2 * imageChannels;
    }

    @Override
    public Coefficients coefficients(SameDiff sd, SDVariable sigma, int batch) {
        SDVariable table = sd.constant(
                "sigma_table",
                Nd4j.createFromArray(levels()).castTo(DataType.FLOAT).reshape(1, steps + 1L));
        SDVariable distance = sd.math().abs(table.sub(sd.reshape(sigma, batch, 1)));
        SDVariable index = sd.argmin(distance, 1).castTo(DataType.FLOAT);
        SDVariable noise = index.mul(-1.0).add(steps - 1.0);
        SDVariable skip = sd.constant("c_skip", Nd4j.ones(DataType.FLOAT, batch));
        SDVariable in = sd.math().rsqrt(sigma.mul(sigma).add(1.0));
        return new Coefficients(skip, sigma.mul(-1.0), in, noise);
    }
}
