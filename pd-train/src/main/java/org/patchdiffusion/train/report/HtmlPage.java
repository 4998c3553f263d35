package org.patchdiffusion.train.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.patchdiffusion.files.AtomicFile;

/**
 * A page of headings, texts, tables, pictures and charts in one HTML file that needs nothing beside it and may load
 * nothing. It has a light and a dark form, as the reader's system asks.
 */
public final class HtmlPage {
    /** Nothing may be loaded, from nowhere. */
    private static final String POLICY =
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

    private static final String STYLE = resource("report.css");
    private static final String SCRIPT = resource("report.js");

    private final StringBuilder body = new StringBuilder();
    private final ChartData charts = new ChartData();
    private final String title;
    private boolean scripted;

    /** Starts a page with its title as the first heading. */
    public HtmlPage(String title) {
        this.title = title;
        body.append("<h1>").append(escape(title)).append("</h1>\n");
    }

    private static String resource(String name) {
        try (InputStream in = HtmlPage.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException | NullPointerException e) {
            throw new IllegalStateException("the library's jar lacks the file " + name + "; build it again", e);
        }
    }

    /** Adds a heading. */
    public HtmlPage heading(String text) {
        body.append("<h2>").append(escape(text)).append("</h2>\n");
        return this;
    }

    /** Adds a paragraph. */
    public HtmlPage text(String text) {
        body.append("<p>").append(escape(text)).append("</p>\n");
        return this;
    }

    /** Adds a paragraph in small print. */
    public HtmlPage note(String text) {
        body.append("<p class=\"note\">").append(escape(text)).append("</p>\n");
        return this;
    }

    /** Adds a line to be copied, such as a command. */
    public HtmlPage code(String text) {
        body.append("<pre class=\"copy\"><code>").append(escape(text)).append("</code></pre>\n");
        return this;
    }

    /** Adds a table of names and values. */
    public HtmlPage facts(Map<String, String> facts) {
        startTable("facts");
        facts.forEach((name, value) -> row(List.of(cell("th", name), cell("td", value))));
        return endTable();
    }

    /** Adds numbers that catch the eye, each under its name. */
    HtmlPage tiles(Map<String, String> tiles) {
        body.append("<dl class=\"tiles\">\n");
        tiles.forEach((name, value) -> body.append("<div>")
                .append(cell("dt", name))
                .append(cell("dd", value))
                .append("</div>\n"));
        body.append("</dl>\n");
        return this;
    }

    /**
     * Adds a table of names and numbers.
     *
     * @param columns headings of the columns
     */
    public HtmlPage numbers(List<String> columns, Map<String, List<String>> rows) {
        startTable("numbers");
        row(columns.stream().map(column -> cell("th", column)).toList());
        rows.forEach((name, values) -> {
            StringBuilder cells = new StringBuilder(cell("td", name));
            values.forEach(value -> cells.append(cell("td class=\"number\"", value)));
            row(List.of(cells.toString()));
        });
        return endTable();
    }

    /** Adds a table of texts under their headings. */
    public HtmlPage table(List<String> columns, List<List<String>> rows) {
        startTable("texts");
        row(columns.stream().map(column -> cell("th", column)).toList());
        rows.forEach(
                values -> row(values.stream().map(value -> cell("td", value)).toList()));
        return endTable();
    }

    private void startTable(String kind) {
        body.append("<div class=\"wide\"><table class=\"").append(kind).append("\">\n");
    }

    private HtmlPage endTable() {
        body.append("</table></div>\n");
        return this;
    }

    private void row(List<String> cells) {
        body.append("<tr>").append(String.join("", cells)).append("</tr>\n");
    }

    private static String cell(String tag, String text) {
        return "<" + tag + ">" + escape(text) + "</" + tag.split(" ")[0] + ">";
    }

    /**
     * Adds a PNG file, embedded.
     *
     * @param alternative what it shows, for those who cannot see it
     * @param pixels whether to show the pixels of an enlarged picture as squares
     * @throws IOException if the file cannot be read
     */
    public HtmlPage picture(Path png, String alternative, boolean pixels) throws IOException {
        body.append("<img")
                .append(pixels ? " class=\"pixels\"" : "")
                .append(" alt=\"")
                .append(escape(alternative))
                .append("\" src=\"data:image/png;base64,")
                .append(Base64.getEncoder().encodeToString(Files.readAllBytes(png)))
                .append("\">\n");
        return this;
    }

    /** Adds a chart. */
    public HtmlPage chart(Chart chart) {
        return chart(List.of(chart));
    }

    /** Adds a chart of which the reader chooses by its title what it shows. */
    HtmlPage chart(List<Chart> choices) {
        body.append("<figure class=\"chart\" data-charts=\"")
                .append(choices.stream()
                        .map(choice -> String.valueOf(charts.add(choice)))
                        .collect(Collectors.joining(" ")))
                .append("\"><noscript>")
                .append(escape(choices.get(0).title()))
                .append(": this curve needs JavaScript.</noscript></figure>\n");
        return this;
    }

    /** Starts a part in which charts stand side by side where the page is wide. */
    HtmlPage startCharts() {
        body.append("<div class=\"charts\">\n");
        return this;
    }

    /** Ends a part with charts. */
    HtmlPage endCharts() {
        body.append("</div>\n");
        return this;
    }

    /** Puts the controls of all charts here. */
    HtmlPage tools(boolean live) {
        body.append("<div id=\"tools\" data-live=\"").append(live).append("\"></div>\n");
        return this;
    }

    /** Starts a part that is closed until the reader opens it. */
    HtmlPage startDetails(String summary) {
        body.append("<details><summary>").append(escape(summary)).append("</summary>\n");
        return this;
    }

    /** Ends such a part. */
    HtmlPage endDetails() {
        body.append("</details>\n");
        return this;
    }

    /** Adds what another class has made as HTML, with all texts in it escaped, for the page's script. */
    HtmlPage html(CharSequence html) {
        body.append(html);
        scripted = true;
        return this;
    }

    /**
     * Writes the page, whole or not at all.
     *
     * @throws IOException if the file cannot be written
     */
    public void write(Path file) throws IOException {
        AtomicFile.write(file, out -> out.write(toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** The whole page. */
    @Override
    public String toString() {
        StringBuilder page = new StringBuilder(body.length() + (1 << 16));
        page.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta http-equiv=\"Content-Security-Policy\" content=\"")
                .append(POLICY)
                .append("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
                .append(escape(title))
                .append("</title>\n<style>\n")
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n")
                .append(body);
        if (scripted || !charts.isEmpty()) {
            page.append("<script type=\"application/json\" id=\"chart-data\">")
                    .append(charts.json())
                    .append("</script>\n<script>\n")
                    .append(SCRIPT)
                    .append("</script>\n");
        }
        return page.append("</body>\n</html>\n").toString();
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
