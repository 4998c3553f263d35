package org.patchdiffusion.train.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.patchdiffusion.eval.PngFiles;

/** The folder of a run that never was. */
record RunFiles(Path path) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static RunFiles make(Path path) throws IOException {
        Files.createDirectories(path);
        return new RunFiles(path);
    }

    RunFiles options(String json) throws IOException {
        Files.writeString(path.resolve("training_options.json"), json);
        return this;
    }

    /** Adds a line of statistics. */
    RunFiles tick(double kimg, Map<String, Double> values) throws IOException {
        return raw(line(kimg, values) + "\n");
    }

    static String line(double kimg, Map<String, Double> values) {
        ObjectNode line = JSON.createObjectNode();
        line.putObject("Progress/kimg").put("num", 1).put("mean", kimg).put("std", 0.0);
        values.forEach((key, mean) ->
                line.putObject(key).put("num", 3).put("mean", mean).put("std", 0.5));
        line.put("timestamp", 1.75e9 + kimg);
        return line.toString();
    }

    RunFiles raw(String text) throws IOException {
        return append("stats.jsonl", text);
    }

    RunFiles log(String text) throws IOException {
        return append("log.txt", text);
    }

    private RunFiles append(String file, String text) throws IOException {
        Files.writeString(path.resolve(file), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        return this;
    }

    RunFiles picture(String name, int width, int height, int rgb) throws IOException {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        picture.setRGB(0, 0, rgb);
        PngFiles.write(path.resolve(name), picture);
        return this;
    }

    /** The data of the charts in a page. */
    static JsonNode charts(String page) throws IOException {
        String start = "<script type=\"application/json\" id=\"chart-data\">";
        int from = page.indexOf(start) + start.length();
        return JSON.readTree(page.substring(from, page.indexOf("</script>", from)));
    }

    /** The numbers of a curve in a page, null where there is a gap. */
    static List<Double> curve(JsonNode data, String chart, int series) {
        for (JsonNode one : data.path("charts")) {
            if (one.path("title").asText().equals(chart)) {
                int column = one.path("series").path(series).path("y").asInt();
                List<Double> values = new ArrayList<>();
                data.path("columns").path(column).forEach(v -> values.add(v.isNull() ? null : v.doubleValue()));
                return values;
            }
        }
        throw new AssertionError("no chart " + chart);
    }
}
