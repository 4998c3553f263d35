/** Turns any source of images into a data set of images of one size. */
package org.patchdiffusion.data.convert;
