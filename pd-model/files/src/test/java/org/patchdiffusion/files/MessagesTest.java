package org.patchdiffusion.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MessagesTest {

    @Test
    void oneThingIsNotInThePlural() {
        assertEquals("0 images", Messages.count(0, "image"));
        assertEquals("1 image", Messages.count(1, "image"));
        assertEquals("2 images", Messages.count(2, "image"));
        assertEquals("1 class", Messages.count(1, "class", "classes"));
        assertEquals("1,234,567 images", Messages.count(1_234_567, "image"));
        assertEquals("3 classes", Messages.count(3, "class", "classes"));
    }

    @Test
    void faultsOfJsonAreToldWithoutTheParsersOwnPlaces() {
        String source =
                "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]";
        assertEquals(
                "Unexpected end-of-input: expected close marker for Object",
                Messages.jsonFault("Unexpected end-of-input: expected close marker for Object (start marker at "
                        + source + ")\n at " + source));
        assertEquals("Unrecognized token 'x'", Messages.jsonFault("Unrecognized token 'x'\n at " + source));
        assertEquals("malformed", Messages.jsonFault(null));
        assertEquals("malformed", Messages.jsonFault(" at " + source));
    }
}
