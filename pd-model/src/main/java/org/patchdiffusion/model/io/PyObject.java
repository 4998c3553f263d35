package org.patchdiffusion.model.io;

import java.util.Map;

/** What a pickle says of a Python object: the name of its class, and its attributes as plain data. */
final class PyObject {
    private final String className;
    private Map<?, ?> attributes = Map.of();

    PyObject(String className) {
        this.className = className;
    }

    /** Name of the class, without its module. */
    String className() {
        return className;
    }

    /** Value of an attribute; null if there is none. */
    Object get(String attribute) {
        return attributes.get(attribute);
    }

    /** An attribute that is a dictionary; an empty one if it is missing or something else. */
    Map<?, ?> map(String attribute) {
        return attributes.get(attribute) instanceof Map<?, ?> map ? map : Map.of();
    }

    /** Takes over attributes; state in another form than a dictionary is of no interest here. */
    void setState(Object state) {
        if (state instanceof Map<?, ?> map) {
            attributes = map;
        }
    }
}
