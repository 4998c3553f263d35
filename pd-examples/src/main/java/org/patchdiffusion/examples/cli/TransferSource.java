package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The model that {@code --transfer} starts from: its network stands, and only what has no weights may be changed. */
final class TransferSource {
    private final CommandSpec command;
    private final Path file;
    private final DiffusionModel model;

    private TransferSource(CommandSpec command, Path file, DiffusionModel model) {
        this.command = command;
        this.file = file;
        this.model = model;
    }

    /**
     * Reads the model.
     *
     * @param place a model file, or a run directory for its newest model
     * @throws IOException if there is none, or it is damaged
     */
    static TransferSource read(CommandSpec command, Path place) throws IOException {
        Path file = ModelFiles.newest(place);
        return new TransferSource(command, file, ModelFiles.read(file));
    }

    /**
     * The model, with the dropout and label dropout of the command line where they were given.
     *
     * @throws ParameterException naming an option that was given and that the network of the file contradicts
     */
    DiffusionModel model(NetworkOptions network, LearningOptions learning, PatchOptions patches) {
        ModelConfig old = model.config();
        network.requireSame(old.network(), file);
        List<String> given = GivenOptions.of(command);
        boolean labelled = old.network().labelDim() > 0;
        require(!given.contains("--cond") || learning.cond.value() == labelled, "--cond");
        require(!given.contains("--label-dropout") || labelled, "--label-dropout");
        require(
                !given.contains("--augment")
                        || patches.augment == 0
                        || old.network().augmentDim() > 0,
                "--augment");
        require(
                !given.contains("--precond")
                        || learning.preconditioning
                                .name()
                                .equals(old.preconditioning().name()),
                "--precond");
        UNetConfig.Builder changed = old.network().toBuilder();
        if (given.contains("--dropout")) {
            changed.dropout(learning.dropout);
        }
        if (given.contains("--label-dropout")) {
            changed.labelDropout(learning.labelDropout);
        }
        ModelConfig config = new ModelConfig(changed.build(), old.preconditioning(), old.height(), old.width());
        return DiffusionModel.of(config, model.parameters());
    }

    private void require(boolean holds, String option) {
        if (!holds) {
            throw new ParameterException(
                    command.commandLine(),
                    option + " is not what the network of --transfer " + file + " has; leave it out");
        }
    }
}
