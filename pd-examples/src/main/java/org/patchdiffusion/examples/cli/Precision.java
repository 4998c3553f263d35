package org.patchdiffusion.examples.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What networks compute in. */
enum Precision {
    FLOAT32("float32"),
    BF16("bf16");

    private final String text;

    Precision(String text) {
        this.text = text;
    }

    /** Reads the name of a precision. */
    static final class Converter implements ITypeConverter<Precision> {
        @Override
        public Precision convert(String text) {
            for (Precision precision : values()) {
                if (precision.text.equals(text)) {
                    return precision;
                }
            }
            throw new TypeConversionException(
                    "there is no precision \"" + text + "\"; choose float32 or bf16 (bfloat16)");
        }
    }

    /**
     * The engine that computes in it.
     *
     * @param named the engine that {@code --engine} names
     * @throws IllegalArgumentException if that engine computes in another one
     */
    String engine(String named) {
        if (this == FLOAT32 || named.equals("bf16")) {
            return named;
        }
        if (!named.equals("best") && !named.equals("fast")) {
            throw new IllegalArgumentException("--engine " + named
                    + " has no bfloat16 form, which --precision bf16 asks for; leave one of them out");
        }
        return "bf16";
    }

    @Override
    public String toString() {
        return text;
    }
}
