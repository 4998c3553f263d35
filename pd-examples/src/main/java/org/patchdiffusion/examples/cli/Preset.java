package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** Settings of training that go together. Each is a file of options, {@code presets/NAME.yaml}, beside this class. */
enum Preset {
    SMALL("made for a laptop and some thousand small images"),
    CIFAR10("EDM, arXiv 2206.00364 table 7, for CIFAR-10; made for 8 GPUs"),
    CELEBA64("Patch Diffusion, arXiv 2304.12526, for CelebA at 64x64; made for several GPUs"),
    FFHQ64("EDM, arXiv 2206.00364 table 7, for FFHQ at 64x64; made for 8 GPUs"),
    AFHQV2_WILD64("Patch Diffusion, arXiv 2304.12526, for AFHQv2-Wild at 64x64; made for several GPUs");

    private final String purpose;

    Preset(String purpose) {
        this.purpose = purpose;
    }

    /** Reads a preset from an option. */
    static final class Converter implements ITypeConverter<Preset> {
        @Override
        public Preset convert(String text) {
            for (Preset preset : values()) {
                if (preset.label().equals(text.toLowerCase(Locale.ROOT))) {
                    return preset;
                }
            }
            throw new TypeConversionException("there is no preset \"" + text + "\"; choose one of " + labels());
        }
    }

    private static String labels() {
        return Arrays.stream(values()).map(Preset::label).collect(Collectors.joining(", "));
    }

    /** The name that users write. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A line for people. */
    String describe() {
        String others =
                this == SMALL ? "; --preset cifar10, celeba64, ffhq64 or afhqv2-wild64 takes a published recipe" : "";
        return "preset " + label() + ": " + purpose + others;
    }

    /**
     * The options of the preset as defaults of a command.
     *
     * @param command a command that has all of them
     */
    IDefaultValueProvider defaults(CommandSpec command) {
        Map<String, String> values = new TreeMap<>();
        String name = "presets/" + label() + ".yaml";
        try (InputStream in = Preset.class.getResourceAsStream(name)) {
            new SettingsFile(name, command)
                    .read(in.readAllBytes(), SettingsFile.Format.YAML)
                    .forEach((option, value) -> values.put(option.longestName(), value));
        } catch (IOException e) {
            throw new IllegalStateException("the preset " + label() + " is not in the jar; build it again", e);
        }
        return new Defaults(values);
    }

    private record Defaults(Map<String, String> values) implements IDefaultValueProvider {
        @Override
        public String defaultValue(ArgSpec argument) {
            return argument instanceof OptionSpec option ? values.get(option.longestName()) : null;
        }
    }
}
