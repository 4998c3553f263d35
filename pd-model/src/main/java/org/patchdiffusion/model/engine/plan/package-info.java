/** What every executor of a graph plans ahead: the order of its operations, and where in memory their results stand. */
package org.patchdiffusion.model.engine.plan;
