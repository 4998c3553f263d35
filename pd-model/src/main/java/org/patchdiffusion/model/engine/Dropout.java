package org.patchdiffusion.model.engine;

/**
 * A placeholder of a graph that holds a dropout mask, which the program draws itself: see {@link Program#draw}.
 *
 * @param placeholder name of a float32 placeholder {@code [B, ...]} whose elements are 0 or 1 / (1 - rate)
 * @param rate probability that an element is 0, from 0 to below 1
 */
public record Dropout(String placeholder, double rate) {

    /** @throws IllegalArgumentException if the rate is out of range */
    public Dropout {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException(
                    "the dropout rate of " + placeholder + " is " + rate + ", expected 0 to below 1");
        }
    }
}
