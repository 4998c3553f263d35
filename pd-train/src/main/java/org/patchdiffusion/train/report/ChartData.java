package org.patchdiffusion.train.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The charts of a page as JSON, in which each list of numbers stands once however many curves use it. */
final class ChartData {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<double[]> columns = new ArrayList<>();
    private final Map<double[], Integer> places = new IdentityHashMap<>();
    private final ArrayNode charts = JSON.createArrayNode();

    /** Adds a chart and returns its number. */
    int add(Chart chart) {
        ObjectNode node = charts.addObject();
        node.put("title", chart.title()).put("note", chart.note()).put("y", chart.yName());
        node.put("logX", chart.logX()).put("logY", chart.logY());
        chart.xNames().forEach(node.putArray("x")::add);
        ArrayNode all = node.putArray("series");
        for (Chart.Series series : chart.series()) {
            ObjectNode one = all.addObject();
            one.put("name", series.name()).put("colour", series.colour()).put("dashed", series.dashed());
            ArrayNode axes = one.putArray("x");
            series.x().forEach(axis -> axes.add(place(axis)));
            one.put("y", place(series.y()));
        }
        return charts.size() - 1;
    }

    private int place(double[] values) {
        return places.computeIfAbsent(values, added -> {
            columns.add(added);
            return columns.size() - 1;
        });
    }

    boolean isEmpty() {
        return charts.isEmpty();
    }

    /** The JSON text, safe inside a script element. Numbers are exact; those that are not finite are null. */
    String json() {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode numbers = root.putArray("columns");
        for (double[] column : columns) {
            ArrayNode values = numbers.addArray();
            for (double value : column) {
                if (!Double.isFinite(value)) {
                    values.addNull();
                } else if (value == Math.rint(value) && Math.abs(value) < 1e15) {
                    values.add((long) value);
                } else {
                    values.add(value);
                }
            }
        }
        root.set("charts", charts);
        // No "<" can end the element or start a comment in it.
        return root.toString().replace("<", "\\u003c");
    }
}
