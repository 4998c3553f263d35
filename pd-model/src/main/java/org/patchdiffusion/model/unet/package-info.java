/**
 * Graph builders of the score networks: one small class for each part, which declares its parameters and adds itself to a SameDiff
 * graph of standard ops.
 */
package org.patchdiffusion.model.unet;
