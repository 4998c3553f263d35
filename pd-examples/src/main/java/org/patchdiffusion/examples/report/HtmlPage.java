package org.patchdiffusion.examples.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.patchdiffusion.files.AtomicFile;

/** A page of headings, texts, tables and pictures in one HTML file that needs nothing beside it. */
public final class HtmlPage {
    private static final String STYLE =
            """
            :root { color-scheme: light dark; --ink: #1d232b; --soft: #5b6470; --paper: #ffffff; --line: #dfe3e8; }
            @media (prefers-color-scheme: dark) {
              :root { --ink: #e6e9ed; --soft: #9aa4b0; --paper: #15181d; --line: #2d333b; }
            }
            body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
              max-width: 58rem; margin: 2.5rem auto; padding: 0 1.25rem; }
            h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
            h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
            p { margin: .5rem 0; } .note { color: var(--soft); font-size: .92rem; }
            img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px; }
            img.pixels { image-rendering: pixelated; }
            table { border-collapse: collapse; margin: .5rem 0; }
            td, th { text-align: left; padding: .3rem 1.5rem .3rem 0; border-bottom: 1px solid var(--line);
              vertical-align: top; font-weight: normal; }
            th { color: var(--soft); } td.number { text-align: right; font-variant-numeric: tabular-nums; }
            code { font: .92em ui-monospace, monospace; }
            """;

    private final StringBuilder body = new StringBuilder();
    private final String title;

    /** Starts a page with its title as the first heading. */
    public HtmlPage(String title) {
        this.title = title;
        body.append("<h1>").append(escape(title)).append("</h1>\n");
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

    /** Adds a table of names and values. */
    public HtmlPage facts(Map<String, String> facts) {
        body.append("<table>\n");
        facts.forEach((name, value) -> row(List.of(cell("th", name), cell("td", value))));
        body.append("</table>\n");
        return this;
    }

    /**
     * Adds a table of names and numbers.
     *
     * @param columns headings of the columns
     */
    public HtmlPage numbers(List<String> columns, Map<String, List<String>> rows) {
        body.append("<table>\n");
        row(columns.stream().map(column -> cell("th", column)).toList());
        rows.forEach((name, values) -> {
            StringBuilder cells = new StringBuilder(cell("td", name));
            values.forEach(value -> cells.append(cell("td class=\"number\"", value)));
            row(List.of(cells.toString()));
        });
        body.append("</table>\n");
        return this;
    }

    /** Adds a table of texts under their headings. */
    public HtmlPage table(List<String> columns, List<List<String>> rows) {
        body.append("<table>\n");
        row(columns.stream().map(column -> cell("th", column)).toList());
        rows.forEach(
                values -> row(values.stream().map(value -> cell("td", value)).toList()));
        body.append("</table>\n");
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

    /**
     * Writes the page, whole or not at all.
     *
     * @throws IOException if the file cannot be written
     */
    public void write(Path file) throws IOException {
        String page = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" + escape(title)
                + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n" + body + "</body>\n</html>\n";
        AtomicFile.write(file, out -> out.write(page.getBytes(StandardCharsets.UTF_8)));
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
