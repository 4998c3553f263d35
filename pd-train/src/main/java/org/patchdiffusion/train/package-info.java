/**
 * The training loop and what its listeners hear; settings, the step, checkpoints and run directories have packages of
 * their own. {@link org.patchdiffusion.train.Trainer} tells the story:
 *
 * <pre>{@code
 * DiffusionModel model = DiffusionModel.create(modelConfig, random);
 * try (TrainingResult result = Trainer.fresh(config, model, data).build().run()) {
 *     ModelFile.write(file, modelConfig, result.model().parameters(), Map.of());
 * }
 * }</pre>
 *
 * <p>It prints nothing and ends no program. Whoever wants to see or keep something adds a {@link
 * org.patchdiffusion.train.TrainingListener}: a {@code RunDirectory} keeps models and checkpoints,
 * the packages {@code watch} and {@code report} show them.
 */
package org.patchdiffusion.train;
