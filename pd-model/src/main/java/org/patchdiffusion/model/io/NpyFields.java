package org.patchdiffusion.model.io;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.patchdiffusion.files.Messages;

/**
 * The Python dictionary in the header of a {@code .npy} file, read in one pass from left to right.
 *
 * <p>Known are what NumPy writes there: quoted text, {@code True} and {@code False}, and tuples of whole numbers.
 */
final class NpyFields {
    private static final String EXPECTED = "expected descr, fortran_order and shape once each";
    private static final char END = '\uffff';

    private final String text;
    private int at;

    private String descr;
    private Boolean fortranOrder;
    private long[] shape;

    private NpyFields(String text) {
        this.text = text;
    }

    /**
     * Reads the dictionary.
     *
     * @throws IOException if it is malformed, or has other keys or values than NumPy's
     */
    static NpyFields parse(String text) throws IOException {
        NpyFields fields = new NpyFields(text);
        fields.dictionary();
        return fields;
    }

    /** Code of the element type. */
    String descr() {
        return descr;
    }

    /** Whether the first axis varies fastest. */
    boolean fortranOrder() {
        return fortranOrder;
    }

    /** Dimensions; empty for a scalar. */
    long[] shape() {
        return shape;
    }

    private void dictionary() throws IOException {
        if (!take('{')) {
            throw new IOException("its header is not a dictionary");
        }
        while (!take('}')) {
            field(quoted());
            if (!take(',') && peek() != '}') {
                throw malformed();
            }
        }
        if (peek() != END) {
            throw malformed();
        }
        if (descr == null || fortranOrder == null || shape == null) {
            throw new IOException("a key is missing in its header, " + EXPECTED);
        }
    }

    private void field(String key) throws IOException {
        if (!take(':')) {
            throw malformed();
        }
        if (key.equals("descr") && descr == null) {
            if (peek() == '[') {
                throw new IOException("it holds records of several fields, which are not supported");
            }
            descr = quoted();
        } else if (key.equals("fortran_order") && fortranOrder == null) {
            fortranOrder = truth();
        } else if (key.equals("shape") && shape == null) {
            shape = tuple();
        } else {
            throw new IOException("its header has the key " + Messages.printable(key) + ", " + EXPECTED);
        }
    }

    private String quoted() throws IOException {
        char quote = peek();
        if (quote != '\'' && quote != '"') {
            throw malformed();
        }
        int end = text.indexOf(quote, at + 1);
        if (end < 0) {
            throw malformed();
        }
        String value = text.substring(at + 1, end);
        at = end + 1;
        return value;
    }

    private boolean truth() throws IOException {
        peek();
        for (String literal : List.of("True", "False")) {
            if (text.startsWith(literal, at)) {
                at += literal.length();
                return literal.equals("True");
            }
        }
        throw new IOException("its fortran_order is neither True nor False");
    }

    private long[] tuple() throws IOException {
        if (!take('(')) {
            throw new IOException("its shape is not a tuple of whole numbers");
        }
        List<Long> dims = new ArrayList<>();
        boolean comma = true;
        while (!take(')')) {
            if (!comma || dims.size() == Shapes.MOST_DIMENSIONS) {
                throw new IOException(
                        comma
                                ? "it has more than " + Shapes.MOST_DIMENSIONS + " dimensions"
                                : "its shape is not a tuple of whole numbers");
            }
            dims.add(dimension());
            comma = take(',');
        }
        if (dims.size() == 1 && !comma) {
            throw new IOException("its shape is not a tuple of whole numbers");
        }
        return dims.stream().mapToLong(Long::longValue).toArray();
    }

    private long dimension() throws IOException {
        peek();
        long value = 0;
        int start = at;
        for (; at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9'; at++) {
            int digit = text.charAt(at) - '0';
            if (value > (Long.MAX_VALUE - digit) / 10) {
                throw new IOException("a dimension in its shape is out of range");
            }
            value = value * 10 + digit;
        }
        if (at == start) {
            throw new IOException("its shape is not a tuple of whole numbers");
        }
        if (at < text.length() && text.charAt(at) == 'L') {
            at++; // Python 2 wrote its long numbers so.
        }
        return value;
    }

    /** The next character that is no white space, not taken. */
    private char peek() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return at < text.length() ? text.charAt(at) : END;
    }

    private boolean take(char wanted) {
        boolean is = peek() == wanted;
        at += is ? 1 : 0;
        return is;
    }

    private IOException malformed() {
        return new IOException("its header is malformed near its character " + at);
    }
}
