package org.patchdiffusion.examples.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/** JSON for people: indented, with short lists on one line. */
final class PrettyJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PrettyJson() {}

    /** The same JSON, indented; text that is not JSON stays as it is. */
    static String of(String json) {
        try {
            return JSON.readTree(json).toPrettyString();
        } catch (JsonProcessingException e) {
            return json;
        }
    }
}
