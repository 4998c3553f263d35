/**
 * Data sets and patches as DataVec and DL4J take them, and DataVec's records as data sets. {@link
 * org.patchdiffusion.data.datavec.PatchImageTransform} needs {@code datavec-data-image} on the class path, the rest only
 * {@code datavec-api}.
 */
package org.patchdiffusion.data.datavec;
