package org.patchdiffusion.train;

import java.util.Map;

/**
 * What happened since the last tick: a line of {@code stats.jsonl}.
 *
 * @param tick number of the tick in this run, from 0
 * @param kimg image counter, in thousands
 * @param steps steps since training began
 * @param loss mean loss per element (see {@link StepResult#lossPerElement}) of the steps with a finite loss; NaN if none had
 * @param lossByPatch the same for each patch size that occurred, by the patch's height
 * @param learningRate learning rate of the last step
 * @param secPerKimg wall-clock seconds for each thousand counted images
 * @param imagesPerSec patches shown per second
 * @param elapsedSec wall-clock seconds since this run began
 * @param heapMb Java heap in use, in MiB
 * @param residentMb physical memory of the whole process, in MiB: what grows if anything leaks
 */
public record TrainingTick(
        int tick,
        double kimg,
        long steps,
        double loss,
        Map<Integer, Double> lossByPatch,
        double learningRate,
        double secPerKimg,
        double imagesPerSec,
        double elapsedSec,
        long heapMb,
        long residentMb) {}
