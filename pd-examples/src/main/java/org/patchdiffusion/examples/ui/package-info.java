/** Shows a run in DL4J's training UI while it goes on. */
package org.patchdiffusion.examples.ui;
