package org.patchdiffusion.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Objects;
import java.util.stream.Collectors;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.precond.Preconditioning;

/**
 * The whole configuration of a model, as it stands in a model file.
 *
 * @param network hyper-parameters of the network
 * @param preconditioning how the network becomes a denoiser
 * @param height height of the whole images, in pixels
 * @param width width of the whole images, in pixels
 */
public record ModelConfig(UNetConfig network, Preconditioning preconditioning, int height, int width) {

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    public ModelConfig {
        Objects.requireNonNull(network, "network");
        Objects.requireNonNull(preconditioning, "preconditioning");
        network.checkSize(height, width);
        int expected = network.imageChannels();
        if (network.outChannels() != expected && !preconditioning.acceptsOutputs(network.outChannels(), expected)) {
            throw new IllegalArgumentException("the network has " + network.outChannels() + " output channels, but "
                    + preconditioning.name() + " preconditioning of " + expected + "-channel images needs " + expected);
        }
    }

    /** Number of image channels. */
    public int channels() {
        return network.imageChannels();
    }

    /** The configuration as one JSON object. */
    public String toJson() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a configuration could not be written as JSON", e);
        }
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws IllegalArgumentException if the text is not JSON, a field is unknown, missing or out of range
     */
    public static ModelConfig fromJson(String json) {
        try {
            return Objects.requireNonNull(JSON.readValue(json, ModelConfig.class), "null");
        } catch (JsonMappingException e) {
            String path = e.getPath().stream()
                    .map(r -> String.valueOf(r.getFieldName()))
                    .collect(Collectors.joining("."));
            Throwable cause = e.getCause() instanceof IllegalArgumentException ? e.getCause() : e;
            String reason = cause instanceof JsonMappingException m ? m.getOriginalMessage() : cause.getMessage();
            throw new IllegalArgumentException(
                    "the model configuration is wrong" + (path.isEmpty() ? "" : " at " + path) + ": " + reason, e);
        } catch (JsonProcessingException | NullPointerException e) {
            throw new IllegalArgumentException(
                    "the model configuration is not a JSON object: " + Messages.jsonFault(e.getMessage()), e);
        }
    }
}
