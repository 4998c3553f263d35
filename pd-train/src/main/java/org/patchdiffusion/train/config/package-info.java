/** Settings of a training and their JSON. They know nothing of what they set. */
package org.patchdiffusion.train.config;
