package org.patchdiffusion.model.engine;

/** placeholder until merged. */
public record Dropout(String placeholder, double rate) {}
