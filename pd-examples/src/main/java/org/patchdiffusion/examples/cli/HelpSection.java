package org.patchdiffusion.examples.cli;

/** Options that belong together and stand together in the help of every command that has them. */
interface HelpSection {

    /** The line or lines above the options: what they are about, and their units. */
    String heading();
}
