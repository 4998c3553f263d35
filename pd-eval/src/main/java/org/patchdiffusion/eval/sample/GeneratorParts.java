package org.patchdiffusion.eval.sample;

import java.util.ArrayDeque;
import java.util.Deque;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.BatchedDenoiser;
import org.patchdiffusion.model.Denoiser;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;

/** The denoiser of an {@link ImageGenerator}, put together from its parts, and all that has to be closed with it. */
final class GeneratorParts implements AutoCloseable {
    /** Images of a run on each thread: fixed, so that rounding depends neither on how many are drawn nor on the threads. */
    private static final int IMAGES_A_THREAD = 4;

    private static final int MOST_THREADS = 16;

    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final ModelConfig config;
    private final Engine engine;
    private final Canvas canvas;
    private final Canvas enlarged;
    private final Tiling tiling;
    private final Denoiser denoiser;

    GeneratorParts(ImageGenerator.Builder builder) {
        config = builder.model.config();
        canvas = builder.canvas == null ? Canvas.whole(config.height(), config.width()) : builder.canvas;
        tiling = builder.tiling;
        enlarged = canvas.enlargedTo(tiling == null ? computable(canvas.size()) : atLeast(tiling.window()));
        engine = builder.engine == null ? own(Engines.best()) : builder.engine;
        try {
            denoiser = assemble(builder);
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    Canvas canvas() {
        return canvas;
    }

    /** Size of the images that the denoiser takes: at least the canvas'. */
    PatchSize computed() {
        return enlarged.size();
    }

    Denoiser denoiser() {
        return denoiser;
    }

    private Denoiser assemble(ImageGenerator.Builder builder) {
        Denoiser result = ofModel(builder.model);
        if (builder.classifierFree != null) {
            requireClasses();
            result = own(new ClassifierFreeDenoiser(result, builder.classifierFree));
        }
        if (builder.weaker != null) {
            requireAlike(builder.weaker.config());
            result = own(new GuidedDenoiser(result, ofModel(builder.weaker), builder.autoguidance));
        }
        if (builder.slidingWindow != null) {
            Denoiser windows = windows(builder.model, builder.slidingWindow);
            result = own(new GuidedDenoiser(result, windows, builder.windowGuidance));
        }
        if (builder.known != null) {
            result = keeping(builder.known, result);
        }
        return result;
    }

    private Denoiser ofModel(DiffusionModel model) {
        return tiling == null ? compiled(model, enlarged) : windows(model, tiling);
    }

    private Denoiser windows(DiffusionModel model, Tiling windows) {
        return own(new TiledDenoiser(compiled(model, enlarged.part(0, 0, windows.window())), enlarged, windows));
    }

    private BatchedDenoiser compiled(DiffusionModel model, Canvas part) {
        int images = IMAGES_A_THREAD * Math.min(engine.threads(), MOST_THREADS);
        try (INDArray positions = part.positions()) {
            return own(model.denoiser(engine, images, positions));
        }
    }

    private Denoiser keeping(KnownPicture picture, Denoiser model) {
        PatchSize size = canvas.size();
        if (picture.channels() != config.channels()
                || picture.height() != size.height()
                || picture.width() != size.width()) {
            throw new IllegalArgumentException("the known picture has " + picture.channels() + " channels of "
                    + picture.width() + "x" + picture.height() + ", expected " + config.channels() + " of " + size);
        }
        PatchSize whole = enlarged.size();
        float[] values = placed(picture.values(), config.channels(), size, whole);
        float[] known = placed(picture.known(), 1, size, whole);
        try (INDArray pixels = Nd4j.create(values, new long[] {config.channels(), whole.height(), whole.width()}, 'c');
                INDArray mask = Nd4j.create(known, new long[] {whole.height(), whole.width()}, 'c')) {
            return own(new KnownPixels(model, pixels, mask));
        }
    }

    /** Planes of one size in the upper left of larger ones of zeros. */
    private static float[] placed(float[] planes, int count, PatchSize from, PatchSize to) {
        float[] placed = new float[count * to.height() * to.width()];
        for (int row = 0; row < count * from.height(); row++) {
            int plane = row / from.height();
            int target = (plane * to.height() + row % from.height()) * to.width();
            System.arraycopy(planes, row * from.width(), placed, target, from.width());
        }
        return placed;
    }

    /** Networks halve their images: sides are multiples of a power of two. */
    private PatchSize computable(PatchSize size) {
        int multiple = 1 << config.network().channelMult().size() - 1;
        return new PatchSize(up(size.height(), multiple), up(size.width(), multiple));
    }

    private static int up(int side, int multiple) {
        return (side + multiple - 1) / multiple * multiple;
    }

    private PatchSize atLeast(PatchSize window) {
        PatchSize size = canvas.size();
        return new PatchSize(Math.max(size.height(), window.height()), Math.max(size.width(), window.width()));
    }

    private void requireClasses() {
        if (config.network().labelDim() == 0) {
            throw new IllegalArgumentException(
                    "classifier-free guidance needs a model with classes, and this one is unconditional");
        }
    }

    private void requireAlike(ModelConfig weaker) {
        if (weaker.channels() != config.channels()
                || weaker.network().labelDim() != config.network().labelDim()) {
            throw new IllegalArgumentException("the weaker model has " + weaker.channels() + " channels and "
                    + weaker.network().labelDim() + " classes, expected " + config.channels() + " and "
                    + config.network().labelDim() + " as the model has");
        }
    }

    private <T extends AutoCloseable> T own(T part) {
        owned.push(part);
        return part;
    }

    /** Closes the parts, the last made first. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (RuntimeException e) {
                failure = e;
            } catch (Exception e) {
                failure = new IllegalStateException("a part of the generator could not be closed", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
