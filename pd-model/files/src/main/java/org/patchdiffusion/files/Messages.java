package org.patchdiffusion.files;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;
import java.util.regex.Pattern;

/** Parts of error messages that are the same wherever files are read or written. */
public final class Messages {
    private static final int LONGEST_QUOTE = 80;

    private static final Pattern PARSER_PLACE = Pattern.compile("\\s*(\\(start marker )?at \\[Source:[^\\]]*\\]\\)?");

    private Messages() {}

    /** A number of things whose plural ends in s, such as {@code 1 image} or {@code 5 images}. */
    public static String count(long number, String thing) {
        return count(number, thing, thing + "s");
    }

    /** A number of things, such as {@code 1 class} or {@code 50,000 classes}. */
    public static String count(long number, String one, String many) {
        return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? one : many);
    }

    /**
     * What a JSON parser says is wrong, in one line and without the place that it adds in words for programmers, as in {@code
     * (start marker at [Source: REDACTED (...); line: 1, column: 1])}.
     */
    public static String jsonFault(String message) {
        String fault = message == null
                ? ""
                : PARSER_PLACE.matcher(message).replaceAll("").strip();
        return fault.isEmpty()
                ? "malformed"
                : fault.lines().findFirst().orElseThrow().replaceAll("\\p{C}", "?");
    }

    /** Text from a file as it may stand in a message: short, without control characters. */
    public static String printable(String text) {
        // Cut first: text from a file may be very long.
        boolean fits = text.length() <= LONGEST_QUOTE;
        String clean = (fits ? text : text.substring(0, LONGEST_QUOTE)).replaceAll("\\p{C}", "?");
        return fits ? clean : clean + "...";
    }

    /**
     * Why an operation on a file failed, as the end of a sentence that has named the file already. Never empty, one
     * line, without names of temporary files.
     */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof ClosedByInterruptException) {
            return "it was interrupted";
        }
        if (e instanceof FileSystemException fileSystem) {
            return reason(fileSystem);
        }
        if (e.getMessage() == null || e.getMessage().isBlank()) {
            return e instanceof EOFException ? "it ends early" : "the system gives no reason";
        }
        return e.getMessage().lines().findFirst().orElseThrow();
    }

    private static String reason(FileSystemException e) {
        if (e instanceof NoSuchFileException) {
            // Our own exceptions of this kind are whole sentences, the system's are bare names.
            String text = String.valueOf(e.getMessage());
            return text.contains(" ") ? text : "a file or folder on the way to it does not exist";
        }
        if (e instanceof NotDirectoryException) {
            return "a part of its path is no folder";
        }
        if (e instanceof FileAlreadyExistsException || e instanceof DirectoryNotEmptyException) {
            return "something of that name is there already";
        }
        return e.getReason() == null ? "the system gives no reason" : e.getReason();
    }
}
