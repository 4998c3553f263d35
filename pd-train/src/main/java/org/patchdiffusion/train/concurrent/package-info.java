/** Waiting for threads, and the first of several failures. */
package org.patchdiffusion.train.concurrent;
