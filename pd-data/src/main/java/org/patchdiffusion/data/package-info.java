/**
 * Image data sets, random patches with coordinate channels, and the random streams that every draw of a run comes from.
 */
package org.patchdiffusion.data;
