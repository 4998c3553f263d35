package org.patchdiffusion.train.report;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.patchdiffusion.files.Messages;

/** The part of a page in which the reader moves through the samples of runs, with real images beside them. */
final class SheetViewer {

    private SheetViewer() {}

    /** Whether there is anything to see. */
    static boolean isNeeded(List<RunFolder> runs) {
        return runs.stream()
                .anyMatch(
                        run -> !run.sheets().samples().isEmpty() || run.sheets().reals() != null);
    }

    /** The part as HTML. */
    static CharSequence html(List<RunFolder> runs) {
        StringBuilder html =
                new StringBuilder("<div class=\"sheets\"><div class=\"controls\"></div><div class=\"row\">\n");
        for (RunFolder run : runs) {
            if (!run.sheets().samples().isEmpty()) {
                samples(html, run, runs.size() > 1);
            }
        }
        Set<String> shown = new HashSet<>();
        for (RunFolder run : runs) {
            SheetFile reals = run.sheets().reals();
            if (reals != null && shown.add(reals.base64())) {
                html.append("<figure><figcaption>Real images").append("</figcaption><div class=\"frame\">");
                image(html, reals, "real images of the training set", "");
                html.append("</div></figure>\n");
            }
        }
        return html.append("</div></div>\n");
    }

    private static void samples(StringBuilder html, RunFolder run, boolean named) {
        long newest = run.sheets().samples().lastKey();
        html.append("<figure class=\"samples\"><figcaption>")
                .append(named ? HtmlPage.escape(run.name()) : "Samples")
                .append(" <output></output></figcaption><div class=\"frame\">");
        for (Map.Entry<Long, SheetFile> sheet : run.sheets().samples().entrySet()) {
            String more = " data-images=\"" + sheet.getKey() + "\"" + (sheet.getKey() == newest ? "" : " hidden");
            image(html, sheet.getValue(), "samples after " + Messages.count(sheet.getKey(), "image"), more);
        }
        html.append("</div></figure>\n");
    }

    private static void image(StringBuilder html, SheetFile sheet, String alternative, String more) {
        html.append("<img class=\"pixels\" width=\"")
                .append(sheet.width())
                .append("\" height=\"")
                .append(sheet.height())
                .append("\" alt=\"")
                .append(alternative)
                .append('"')
                .append(more)
                .append(" src=\"data:image/png;base64,")
                .append(sheet.base64())
                .append("\">");
    }
}
