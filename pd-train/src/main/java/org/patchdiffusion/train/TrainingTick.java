package org.patchdiffusion.train;

import java.util.Map;
import org.patchdiffusion.train.step.StepResult;

/**
 * What happened since the last tick: a line of {@code stats.jsonl}. Steps are those since then, seconds those spent since
 * then.
 *
 * @param tick number of the tick over all runs, from 0
 * @param kimg image counter, in thousands
 * @param steps steps since training began
 * @param loss mean loss per element (see {@link StepResult#lossPerElement}) of the steps with a finite loss; NaN if none had
 * @param lossByPatch the same for each patch size that occurred, by the patch's height
 * @param lossByNoise mean loss per element of the images whose noise level was in each range; only ranges that had some
 * @param nonFiniteSteps steps whose loss, or some of whose gradient, was not finite
 * @param learningRate learning rate of the last step
 * @param secPerKimg seconds of training for each thousand counted images; NaN if none were counted
 * @param imagesPerSec patches shown per second of training
 * @param imagesPerSecByPatch the same for each patch size that occurred, by the patch's height
 * @param split seconds spent on each phase; training is those of {@link Phase#isTraining}
 * @param elapsedSec wall-clock seconds since training began, over all runs
 * @param heapMb Java heap in use, in MiB
 * @param residentMb physical memory of the whole process, in MiB: what grows if anything leaks
 */
public record TrainingTick(
        int tick,
        double kimg,
        long steps,
        double loss,
        Map<Integer, Double> lossByPatch,
        Map<NoiseBin, Double> lossByNoise,
        long nonFiniteSteps,
        double learningRate,
        double secPerKimg,
        double imagesPerSec,
        Map<Integer, Double> imagesPerSecByPatch,
        Map<Phase, Double> split,
        double elapsedSec,
        long heapMb,
        long residentMb) {

    /** Seconds since the last tick in which steps were taken. */
    public double trainingSec() {
        return split.entrySet().stream()
                .filter(entry -> entry.getKey().isTraining())
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }
}
