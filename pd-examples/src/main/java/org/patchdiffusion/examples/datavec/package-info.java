/** Example programs for those who use DataVec and DL4J: each takes a folder with a sub-folder of pictures for each class. */
package org.patchdiffusion.examples.datavec;
