package org.patchdiffusion.data.stats;

/**
 * A setting that suits a data set.
 *
 * @param setting its name, such as {@code sigma_data}
 * @param value what to set it to
 * @param reason why, in a sentence
 */
public record Suggestion(String setting, String value, String reason) {}
