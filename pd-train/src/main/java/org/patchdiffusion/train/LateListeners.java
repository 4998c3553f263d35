package org.patchdiffusion.train;

import java.io.IOException;
import java.util.List;

/**
 * Makes listeners at the last moment: when the programs of a run are compiled and their memory is taken, so that nothing is
 * left that could refuse the run. What makes a folder belongs here: a refused run then leaves none.
 */
@FunctionalInterface
public interface LateListeners {

    /** None. */
    LateListeners NONE = List::of;

    /**
     * Makes them. Called once, on the training thread, before they hear {@link TrainingListener#started}.
     *
     * @throws IOException if a folder or file cannot be made; training does not start then
     */
    List<TrainingListener> open() throws IOException;
}
