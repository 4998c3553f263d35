package org.patchdiffusion.train.report;

import java.util.Locale;
import java.util.Map;

/** A bar whose parts are as wide as their share of the time. */
final class SplitBar {

    private SplitBar() {}

    /** The bar as HTML. */
    static CharSequence html(Map<String, Double> parts) {
        double all = parts.values().stream().mapToDouble(Double::doubleValue).sum();
        StringBuilder html = new StringBuilder("<div class=\"split\">");
        int colour = 0;
        for (Map.Entry<String, Double> part : parts.entrySet()) {
            double share = all > 0 ? 100 * part.getValue() / all : 0;
            html.append(String.format(
                    Locale.ROOT,
                    "<div style=\"width:%.2f%%;background:var(--c%d)\" title=\"%s, %.1f%%\"></div>",
                    share,
                    colour++ % 10,
                    HtmlPage.escape(part.getKey()),
                    share));
        }
        return html.append("</div>\n");
    }
}
