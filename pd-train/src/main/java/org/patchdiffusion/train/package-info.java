/**
 * The training loop: configuration, schedules, the step with its two halves (a {@link
 * org.patchdiffusion.train.step.GradientSource} and the fused optimizer with its moving average), checkpoints and run
 * directories. {@link org.patchdiffusion.train.Trainer} tells the story:
 *
 * <pre>{@code
 * DiffusionModel model = DiffusionModel.create(modelConfig, random);
 * try (TrainingResult result = Trainer.fresh(config, model, data).build().run()) {
 *     ModelFile.write(file, modelConfig, result.model().parameters(), Map.of());
 * }
 * }</pre>
 *
 * <p>It prints nothing and ends no program. Whoever wants to see or keep something adds a {@link
 * org.patchdiffusion.train.TrainingListener}: a {@link org.patchdiffusion.train.run.RunDirectory} keeps models and checkpoints,
 * the packages {@code watch} and {@code report} show them.
 */
package org.patchdiffusion.train;
