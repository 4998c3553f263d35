package org.patchdiffusion.train.config;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Map;
import org.patchdiffusion.data.augment.AugmentPlace;
import org.patchdiffusion.files.Messages;

/**
 * Training settings as JSON. Format 2 has an object for each group of settings; format 1 had all in one object and no
 * number. A setting that is added later gets a line in {@link #ADDED_LATER} and keeps the format.
 */
final class TrainingConfigJson {
    private static final int FORMAT = 2;

    /** Where format 2 has the settings that format 1 had under these names. */
    private static final Map<String, String> PLACES = Map.ofEntries(
            Map.entry("learning_rate", "/optimizer/learning_rate"),
            Map.entry("lr_rampup_kimg", "/optimizer/lr_rampup_kimg"),
            Map.entry("adam_beta1", "/optimizer/beta1"),
            Map.entry("adam_beta2", "/optimizer/beta2"),
            Map.entry("adam_epsilon", "/optimizer/epsilon"),
            Map.entry("non_finite_limit", "/optimizer/non_finite_limit"),
            Map.entry("ema_halflife_kimg", "/ema/halflife_kimg"),
            Map.entry("ema_rampup_ratio", "/ema/rampup_ratio"),
            Map.entry("real_p", "/patches/real_p"),
            Map.entry("patch_sizes", "/patches/sizes"),
            Map.entry("progressive", "/patches/progressive"),
            Map.entry("progressive_kimg", "/patches/progressive_kimg"),
            Map.entry("xflip", "/augment/xflip"),
            Map.entry("augment", "/augment/probability"),
            Map.entry("augment_at", "/augment/at"),
            Map.entry("tick_kimg", "/intervals/tick_kimg"),
            Map.entry("snapshot_kimg", "/intervals/snapshot_kimg"),
            Map.entry("checkpoint_kimg", "/intervals/checkpoint_kimg"),
            Map.entry("engine", "/execution/engine"));

    /** Settings that earlier versions did not write, with what they did. */
    private static final Map<String, JsonNode> ADDED_LATER = Map.of(
            "/batch_gpu", IntNode.valueOf(0),
            "/patches/sizes", NullNode.getInstance(),
            "/patches/progressive_kimg", DoubleNode.valueOf(0),
            "/augment/probability", DoubleNode.valueOf(0),
            "/augment/at", TextNode.valueOf(AugmentPlace.PATCH.name()),
            "/intervals/checkpoint_minutes", DoubleNode.valueOf(TrainingConfig.CHECKPOINT_MINUTES),
            "/validation/every_ticks", IntNode.valueOf(TrainingConfig.VALIDATION.everyTicks()),
            "/validation/held_out", IntNode.valueOf(TrainingConfig.VALIDATION.heldOut()),
            "/execution/threads", IntNode.valueOf(0));

    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private TrainingConfigJson() {}

    static String write(TrainingConfig config) {
        try {
            ObjectNode root = JSON.createObjectNode().put("format", FORMAT);
            root.setAll((ObjectNode) JSON.valueToTree(config));
            return JSON.writeValueAsString(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write the training settings as JSON", e);
        }
    }

    static TrainingConfig read(String json) {
        try {
            if (!(JSON.readTree(json) instanceof ObjectNode given)) {
                throw new IllegalArgumentException("the training settings cannot be read: they are no JSON object");
            }
            ObjectNode settings = inThisFormat(given);
            ADDED_LATER.forEach((place, before) -> putIfAbsent(settings, place, before));
            return JSON.treeToValue(settings, TrainingConfig.class);
        } catch (UnrecognizedPropertyException e) {
            throw new IllegalArgumentException(
                    "the training settings cannot be read: this version knows no setting \"" + e.getPropertyName()
                            + "\"; use the version that wrote them, or a later one",
                    e);
        } catch (JsonProcessingException e) {
            String reason = e.getCause() instanceof IllegalArgumentException cause
                    ? cause.getMessage()
                    : Messages.jsonFault(e.getOriginalMessage());
            throw new IllegalArgumentException("the training settings cannot be read: " + reason, e);
        }
    }

    private static ObjectNode inThisFormat(ObjectNode given) {
        JsonNode format = given.remove("format");
        if (format == null) {
            ObjectNode settings = JSON.createObjectNode();
            given.fields().forEachRemaining(field -> {
                String place = PLACES.getOrDefault(field.getKey(), "/" + field.getKey());
                putIfAbsent(settings, place, field.getValue());
            });
            return settings;
        }
        if (!format.isInt() || format.asInt() != FORMAT) {
            throw new IllegalArgumentException("the training settings cannot be read: their format is " + format
                    + ", this version reads up to " + FORMAT + "; use the version that wrote them, or a later one");
        }
        return given;
    }

    /** What is in the way of an object is left for the reader to complain about. */
    private static void putIfAbsent(ObjectNode settings, String place, JsonNode value) {
        JsonPointer pointer = JsonPointer.compile(place);
        ObjectNode parent = settings;
        if (pointer.head() != null && !pointer.head().matches()) {
            String group = pointer.head().last().getMatchingProperty();
            if (settings.has(group) && !settings.get(group).isObject()) {
                return;
            }
            parent = settings.withObjectProperty(group);
        }
        String name = pointer.last().getMatchingProperty();
        if (!parent.has(name)) {
            parent.set(name, value);
        }
    }
}
