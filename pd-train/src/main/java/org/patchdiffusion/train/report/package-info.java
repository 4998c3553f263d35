/**
 * What a person sees of a training run: sheets of samples drawn while it trains, and a page made of the files of its
 * folder. {@link org.patchdiffusion.train.report.RunReport} writes the page of one run or of several.
 */
package org.patchdiffusion.train.report;
