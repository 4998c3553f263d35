package org.patchdiffusion.examples.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A YAML or JSON file of options: one flat object whose keys are the names of a command's options without dashes before
 * them, whose values are texts, numbers, true, false, or lists of these. It is read token by token, and anything else
 * (nested objects, anchors, aliases, type tags, a second document) is refused, so that no file is larger in memory than
 * on the disk or makes objects of its choice.
 */
final class SettingsFile {
    private static final int MOST_BYTES = 64 * 1024;

    /** Options that a file cannot hold: they act before it is read. */
    private static final Set<String> ELSEWHERE = Set.of("--config", "--help", "--version", "--debug");

    /** How the file is written. */
    enum Format {
        YAML(YAMLFactory.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .build()),
        JSON(JsonFactory.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .build());

        private final JsonFactory factory;

        Format(JsonFactory factory) {
            this.factory = factory;
        }
    }

    private final String name;
    private final CommandSpec command;

    /**
     * A file of options.
     *
     * @param name what messages call it
     * @param command whose options it holds
     */
    SettingsFile(String name, CommandSpec command) {
        this.name = name;
        this.command = command;
    }

    /**
     * Reads a file, whose ending tells its format.
     *
     * @return the values by their options, as they would stand on the command line, in the order of the file
     * @throws IOException if it cannot be read, is no such file, or names an option that the command does not have
     */
    Map<OptionSpec, String> read(Path file) throws IOException {
        Format format =
                switch (ModelFiles.ending(file)) {
                    case ".yaml", ".yml" -> Format.YAML;
                    case ".json" -> Format.JSON;
                    default -> throw wrong("has an unknown ending; expected .yaml, .yml or .json");
                };
        if (!Files.isRegularFile(file)) {
            throw wrong("is no file");
        }
        if (Files.size(file) > MOST_BYTES) {
            throw wrong("has " + Files.size(file) + " bytes; a file of options has at most " + MOST_BYTES);
        }
        return read(Files.readAllBytes(file), format);
    }

    /** Reads the bytes of a file. */
    Map<OptionSpec, String> read(byte[] bytes, Format format) throws IOException {
        Map<OptionSpec, String> values = new LinkedHashMap<>();
        try (JsonParser parser = format.factory.createParser(bytes)) {
            require(parser.nextToken() == JsonToken.START_OBJECT, parser, "expected a list of name: value pairs");
            requirePlain(parser);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                requirePlain(parser);
                OptionSpec option = option(parser.currentName(), parser);
                parser.nextToken();
                String value = value(parser, option.longestName());
                require(values.put(option, value) == null, parser, option.longestName() + " is given twice");
            }
            require(parser.nextToken() == null, parser, "expected nothing behind the name: value pairs");
        } catch (JsonProcessingException e) {
            String reason = e.getOriginalMessage().lines().findFirst().orElse("malformed");
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw wrong("is not valid " + format + " in line " + line + " (" + reason + ")");
        }
        return values;
    }

    private OptionSpec option(String key, JsonParser parser) throws IOException {
        OptionSpec exact = command.findOption("--" + key);
        OptionSpec option = exact == null ? command.findOption("--" + key.replace('_', '-')) : exact;
        if (option != null && !ELSEWHERE.contains(option.longestName())) {
            return option;
        }
        require(option == null, parser, "\"" + key + "\" belongs on the command line");
        String advice = Spelling.nearest("--" + key, command.optionsMap().keySet())
                .map(near -> "; did you mean " + near.replaceFirst("^--?", "") + "?")
                .orElse("");
        throw wrong(
                "line " + parser.currentLocation().getLineNr() + ": there is no option named \"" + key + "\"" + advice);
    }

    private String value(JsonParser parser, String option) throws IOException {
        requirePlain(parser);
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            return scalar(parser, option);
        }
        List<String> all = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            requirePlain(parser);
            all.add(scalar(parser, option));
        }
        return String.join(",", all);
    }

    private String scalar(JsonParser parser, String option) throws IOException {
        JsonToken token = parser.currentToken();
        boolean plain = token != null && token.isScalarValue() && token != JsonToken.VALUE_NULL;
        require(plain, parser, option + " needs a text, a number, true, false, or a list of these");
        return parser.getText();
    }

    /** YAML can name a value and use it again, which lets a few lines grow without bound, and ask for Java types. */
    private void requirePlain(JsonParser parser) throws IOException {
        boolean alias = parser instanceof YAMLParser yaml && yaml.isCurrentAlias();
        require(
                !alias && parser.getObjectId() == null && parser.getTypeId() == null,
                parser,
                "anchors, aliases and type tags are not taken; write the values themselves");
    }

    private void require(boolean holds, JsonParser parser, String message) throws IOException {
        if (!holds) {
            throw wrong("line " + parser.currentTokenLocation().getLineNr() + ": " + message);
        }
    }

    private IOException wrong(String message) {
        return new IOException(name + ": " + message);
    }
}
