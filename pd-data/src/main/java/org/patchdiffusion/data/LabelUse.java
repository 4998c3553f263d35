package org.patchdiffusion.data;

/** Whether to read the classes of a data set. */
public enum LabelUse {
    /** Open it as one without classes. */
    NONE,
    /** Read them if there are any. */
    IF_PRESENT,
    /** Refuse a data set that has none. */
    REQUIRED
}
