/** The batches of the trainer for SameDiff's own {@code fit}. */
package org.patchdiffusion.train.samediff;
