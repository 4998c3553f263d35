package org.patchdiffusion.model.precond;

import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The coefficients of D(x; sigma) = skip x + out F(in x; noise) as variables of a graph, each of shape {@code [B]}
 * (Karras et al. 2022, eq. 7).
 */
public record Coefficients(SDVariable skip, SDVariable out, SDVariable in, SDVariable noise) {}
