package org.patchdiffusion.train;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.patchdiffusion.train.concurrent.Failure;

/** Tells every listener every event, also when one before it failed. */
final class Listeners {

    /** Something that listeners hear of. */
    @FunctionalInterface
    interface Event {
        void reach(TrainingListener listener) throws IOException;
    }

    private final List<TrainingListener> listeners;
    private final LateListeners late;

    /** @param late those that join when {@link #open} is called */
    Listeners(List<TrainingListener> listeners, LateListeners late) {
        this.listeners = new ArrayList<>(listeners);
        this.late = late;
    }

    /** Has the late ones join. */
    void open() throws IOException {
        listeners.addAll(late.open());
    }

    boolean isEmpty() {
        return listeners.isEmpty();
    }

    /**
     * Tells all of them.
     *
     * @throws IOException the first failure, whatever its kind, when all have heard it; the others are suppressed in it
     */
    void tell(Event event) throws IOException {
        Failure failure = new Failure();
        for (TrainingListener listener : listeners) {
            try {
                event.reach(listener);
            } catch (IOException | RuntimeException | Error e) {
                failure.add(e);
            }
        }
        failure.rethrow();
    }
}
