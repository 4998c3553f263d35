package org.patchdiffusion.model.engine;

import java.util.List;

/** A program that can tell where its time goes. */
public interface Profiled extends Program {

    /**
     * Adds the time and work of the first replica's steps to a profile from the next run on.
     *
     * @param profile where to add; null to stop
     */
    void profile(Profile profile);

    /** Names of the operations that ND4J runs between compiled parts; empty if the graph compiled whole. */
    List<String> foreignOps();
}
