/** Samplers, picture files and metrics of generated images. */
package org.patchdiffusion.eval;
