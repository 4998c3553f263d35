package org.patchdiffusion.examples.cli;

import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads one of some names. */
abstract class Choice implements ITypeConverter<String> {
    /** How noise runs over time, by the official names. */
    static final List<String> TIMES = List.of("linear", "ve", "vp");

    private final List<String> names;

    private Choice(List<String> names) {
        this.names = names;
    }

    /** Noise levels, or how noise runs over time. */
    static final class Schedules extends Choice {
        Schedules() {
            super(List.of("karras", "exponential", "polyexponential", "aligned", "linear", "ve", "vp"));
        }
    }

    /** Noise levels by the official names. */
    static final class Discretizations extends Choice {
        Discretizations() {
            super(List.of("edm", "ve", "vp", "iddpm"));
        }
    }

    /** How a step of the general sampler is made. */
    static final class Solvers extends Choice {
        Solvers() {
            super(List.of("heun", "euler"));
        }
    }

    /** How the general sampler scales. */
    static final class Scalings extends Choice {
        Scalings() {
            super(List.of("none", "vp"));
        }
    }

    @Override
    public String convert(String text) {
        if (!names.contains(text)) {
            throw new TypeConversionException(
                    "\"" + text + "\" is unknown: expected one of " + String.join(", ", names));
        }
        return text;
    }
}
